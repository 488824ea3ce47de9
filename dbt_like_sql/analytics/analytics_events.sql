/*
kind = "view"
family = "property_analytics"
description = "What the hourly figures count, of six topics, one row a record; those without a state count nowhere."
day_of = "event_time"
identity = ["topic_id", "kafka_partition", "kafka_offset"]
*/
select
    state_code, -- Two-letter US state code
    views, -- 1 for a view of a property, else 0
    saves, -- 1 for a property put on a saved list, else 0
    contacts, -- 1 for a contact with an agent, else 0
    price_changes, -- 1 for a price change, else 0
    price_reductions, -- 1 for a change to a lower price, else 0
    listings, -- 1 for a listing that was published or edited, else 0
    sold, -- 1 for a sale, else 0
    updates, -- 1 for an attribute that another service changed, else 0
    event_time, -- When it happened, UTC
    stream_time_ms, -- Largest event time of the partition so far, ms since 1970
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from (
    select
        state_code, 1 as views, 0 as saves, 0 as contacts, 0 as price_changes, 0 as price_reductions,
        0 as listings, 0 as sold, 0 as updates, event_time, stream_time_ms, topic_id, kafka_partition,
        kafka_offset
    from stg_property_views
    where state_code is not null
    union all
    select
        state_code, 0 as views, case when interaction_type = 'SAVE' then 1 else 0 end as saves,
        case when interaction_type = 'CONTACT' then 1 else 0 end as contacts, 0 as price_changes,
        0 as price_reductions, 0 as listings, 0 as sold, 0 as updates, event_time, stream_time_ms, topic_id,
        kafka_partition, kafka_offset
    from stg_user_interactions
    where state_code is not null and interaction_type in ('SAVE', 'CONTACT')
    union all
    select
        state_code, 0 as views, 0 as saves, 0 as contacts, 1 as price_changes,
        case when new_price < old_price then 1 else 0 end as price_reductions, 0 as listings, 0 as sold,
        0 as updates, event_time, stream_time_ms, topic_id, kafka_partition, kafka_offset
    from stg_property_price_changes
    where state_code is not null
    union all
    select
        state_code, 0 as views, 0 as saves, 0 as contacts, 0 as price_changes, 0 as price_reductions,
        1 as listings, 0 as sold, 0 as updates, event_time, stream_time_ms, topic_id, kafka_partition,
        kafka_offset
    from stg_property_listings
    where state_code is not null
    union all
    select
        state_code, 0 as views, 0 as saves, 0 as contacts, 0 as price_changes, 0 as price_reductions,
        0 as listings, 1 as sold, 0 as updates, event_time, stream_time_ms, topic_id, kafka_partition,
        kafka_offset
    from stg_property_events
    where state_code is not null and event_type = 'SOLD'
    union all
    select
        state_code, 0 as views, 0 as saves, 0 as contacts, 0 as price_changes, 0 as price_reductions,
        0 as listings, 0 as sold, 1 as updates, event_time, stream_time_ms, topic_id, kafka_partition,
        kafka_offset
    from stg_property_updates
    where state_code is not null
) as events
