/*
kind = "recompute"
family = "stale_price_cuts"
every_seconds = 5
description = "Each price cut with the first view of the property in the 7 days after it, if there was one in time."
key = ["property_id"]
driver = "price_reductions"
time = "event_time"
back = "0 seconds"
ahead = "7 days"
identity = ["topic_id", "kafka_partition", "kafka_offset"]
day_of = "event_time"
reach_days = 7
*/
-- A view at t counts for a cut at c if c < t <= c + 7 days, and if the stream time of its row is not past
-- c + 7 days + 5 minutes: no view that comes once every partition is past that can change what was decided.
with counted as (
    select
        cuts.topic_id,
        cuts.kafka_partition,
        cuts.kafka_offset,
        views.user_id,
        views.event_time as viewed_at,
        row_number() over (
            partition by cuts.topic_id, cuts.kafka_partition, cuts.kafka_offset
            order by views.event_time, views.topic_epoch, views.kafka_partition, views.kafka_offset
        ) as place
    from price_reductions as cuts
    inner join stg_property_views as views
        on cuts.property_id = views.property_id
        and views.event_time > cuts.event_time
        and views.event_time <= cuts.event_time + interval 7 days
        and epoch_ms(views.stream_time_ms) <= cuts.event_time + interval 7 days + interval 5 minutes
)

select
    cuts.property_id, -- The property
    cuts.zip_code, -- Its five-digit US zip code
    cuts.state_code, -- Its two-letter US state code
    cuts.old_price, -- Price before, US dollars
    cuts.new_price, -- Price after, US dollars
    cuts.change_ppb, -- Change in parts per billion of the price before, truncated toward zero
    cuts.event_time, -- When the price was cut, UTC
    counted.viewed_at as first_viewed_at, -- First view after it that counts, UTC; null for none
    counted.user_id as first_viewed_by, -- Who looked then; null for none
    cuts.topic_id, -- Id of the topic that the cut came from
    cuts.kafka_partition, -- Its partition
    cuts.kafka_offset -- Its offset
from price_reductions as cuts
left join counted
    on cuts.topic_id = counted.topic_id
    and cuts.kafka_partition = counted.kafka_partition
    and cuts.kafka_offset = counted.kafka_offset
    and counted.place = 1
