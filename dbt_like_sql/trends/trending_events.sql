/*
kind = "view"
family = "trending_neighborhoods"
description = "What makes a neighborhood trend: views of its properties, saves and price changes, one row a record."
day_of = "event_time"
identity = ["topic_id", "kafka_partition", "kafka_offset"]
*/
-- ten_minutes and closed_to are for the windows: worked out here, once a record, and not once a window.
select
    zip_code, -- Five-digit US zip code
    views, -- 1 for a view of a property, else 0
    saved_views, -- 1 for a view of a property on the user's saved list, else 0
    saves, -- 1 for a property put on a saved list, else 0
    price_changes, -- 1 for a price change, else 0
    change_ppb, -- Its change in parts per billion of the old price, else 0
    event_time, -- When it happened, UTC
    -- Start of its ten minutes, UTC
    date_trunc('minute', event_time) - minute(event_time) % 10 * interval 1 minute as ten_minutes,
    stream_time_ms, -- Largest event time of the partition so far, ms since 1970
    epoch_ms(stream_time_ms - 7200000) as closed_to, -- Windows that start here or before were closed by then, UTC
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from (
    select
        zip_code, 1 as views, case when saved then 1 else 0 end as saved_views, 0 as saves, 0 as price_changes,
        cast(0 as bigint) as change_ppb, event_time, stream_time_ms, topic_id, kafka_partition, kafka_offset
    from stg_property_views
    where zip_code is not null
    union all
    select
        zip_code, 0 as views, 0 as saved_views, 1 as saves, 0 as price_changes,
        cast(0 as bigint) as change_ppb, event_time, stream_time_ms, topic_id, kafka_partition, kafka_offset
    from stg_user_interactions
    where interaction_type = 'SAVE' and zip_code is not null
    union all
    select
        zip_code, 0 as views, 0 as saved_views, 0 as saves, 1 as price_changes,
        change_ppb, event_time, stream_time_ms, topic_id, kafka_partition, kafka_offset
    from stg_property_price_changes
) as events
