/*
kind = "append"
family = "personalized_recommendations"
description = "Records that came after recommendations were decided for which they would have counted."
identity = ["topic_id", "kafka_partition", "kafka_offset"]
day_of = "window_start"
reach_days = 1
*/
-- A record counts for moments t with event_time <= t and stream_time <= t + 5 minutes. The window is what it missed:
-- moments from its event time on, before the first one for which it counts.
select
    topic, -- Topic of the record
    topic_id, -- Id of that topic
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    key, -- User, or property, that it is about
    event_time, -- When it happened, UTC
    event_time as window_start, -- First moment that it missed, UTC
    epoch_ms(stream_time_ms) - interval 5 minutes as window_end, -- First moment for which it counts, UTC
    stream_time_ms, -- Stream time of its partition, ms since 1970
    date_diff(
        'millisecond', event_time + interval 5 minutes, epoch_ms(stream_time_ms)
    ) as lateness_ms -- How far past event time and wait, ms; from 1 on it is late
from (
    select
        'property-views' as topic,
        topic_id,
        kafka_partition,
        kafka_offset,
        user_id as key,
        event_time,
        stream_time_ms
    from stg_property_views
    union all
    select
        'user-profiles' as topic,
        topic_id,
        kafka_partition,
        kafka_offset,
        coalesce(user_id, record_key) as key,
        event_time,
        stream_time_ms
    from stg_user_profiles
    union all
    select
        'property-listings' as topic,
        topic_id,
        kafka_partition,
        kafka_offset,
        property_id as key,
        event_time,
        stream_time_ms
    from stg_property_listings
    union all
    select
        'property-events' as topic,
        topic_id,
        kafka_partition,
        kafka_offset,
        property_id as key,
        event_time,
        stream_time_ms
    from stg_property_events
) as records
where epoch_ms(stream_time_ms) > event_time + interval 5 minutes
