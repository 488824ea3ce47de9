/*
kind = "view"
family = "stale_price_cuts"
description = "Views that came more than 5 minutes after their partition had moved past them: the only ones that can miss."
day_of = "event_time"
*/
-- A view is too late for a cut whose 7 days end at the view or later, so that it must be behind by more than the wait.
select
    topic_id, -- Id of the topic that the record came from
    topic_epoch, -- How many times that topic had been made
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    property_id, -- Identifies the property
    user_id, -- Identifies the user
    event_time, -- When the property was looked at, UTC
    stream_time_ms -- Largest event time of the partition by then, ms since 1970
from stg_property_views
where epoch_ms(stream_time_ms) > event_time + interval 5 minutes
