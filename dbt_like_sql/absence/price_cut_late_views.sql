/*
kind = "recompute"
family = "stale_price_cuts"
description = "Views that came too late to clear a price cut, with the cut and by how much."
key = ["property_id"]
driver = "disordered_views"
time = "event_time"
back = "7 days"
identity = [
    "topic_id", "kafka_partition", "kafka_offset", "cut_topic_id", "cut_kafka_partition", "cut_kafka_offset",
]
day_of = "event_time"
reach_days = 7
*/
-- Not an append table: a cut that comes after such a view makes it late for that cut, too.
select
    views.property_id, -- The property
    views.user_id, -- Who looked
    views.event_time, -- When, UTC
    cuts.event_time as cut_at, -- When the price had been cut, UTC
    cuts.event_time + interval 7 days as watched_until, -- End of the 7 days, included, UTC
    views.stream_time_ms, -- Stream time of the view's partition, ms since 1970
    date_diff(
        'millisecond', cuts.event_time + interval 7 days + interval 5 minutes, epoch_ms(views.stream_time_ms)
    ) as lateness_ms, -- How far past the end of the 7 days and the wait, ms; from 1 on it is late
    views.topic_id, -- Id of the topic that the view came from
    views.kafka_partition, -- Its partition
    views.kafka_offset, -- Its offset
    cuts.topic_id as cut_topic_id, -- Id of the topic that the cut came from
    cuts.kafka_partition as cut_kafka_partition, -- Its partition
    cuts.kafka_offset as cut_kafka_offset -- Its offset
from disordered_views as views
inner join price_reductions as cuts
    on views.property_id = cuts.property_id
    and views.event_time > cuts.event_time
    and views.event_time <= cuts.event_time + interval 7 days
    and epoch_ms(views.stream_time_ms) > cuts.event_time + interval 7 days + interval 5 minutes
