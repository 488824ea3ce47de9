/*
kind = "view"
family = "personalized_recommendations"
description = "Listings and steps in the life of properties, one below the other: what is on offer follows from them."
identity = ["topic_rank", "topic_epoch", "kafka_partition", "kafka_offset"]
day_of = "event_time"
*/
-- The order of records is that of event_time, topic_rank, topic_epoch, kafka_partition, kafka_offset.
-- A step of a kind that this version does not know says nothing.
select
    property_id, -- Identifies the property
    is_listing, -- Whether it is a listing, which alone says where the home is and how many bedrooms it has
    is_open, -- Whether the property is on offer after it
    price, -- Price, US dollars, where the record has one
    bedrooms, -- Bedrooms, of a listing
    zip_code, -- Five-digit US zip code, of a listing that has one
    event_time, -- When it happened, UTC
    -- It counts for moment t if event_time <= t and stream_time <= t + 5 minutes: from one moment on
    greatest(event_time, epoch_ms(stream_time_ms) - interval 5 minutes) as counts_from, -- First such moment, UTC
    topic_rank, -- 2 of a listing, 5 of a step: their order at one event time
    topic_epoch, -- How many times the topic had been made
    kafka_partition, -- Partition of the record
    kafka_offset -- Its offset
from (
    select
        property_id,
        true as is_listing,
        true as is_open,
        price,
        bedrooms,
        zip_code,
        event_time,
        stream_time_ms,
        2 as topic_rank,
        topic_epoch,
        kafka_partition,
        kafka_offset
    from stg_property_listings
    union all
    select
        property_id,
        false as is_listing,
        event_type in ('LISTED', 'PRICE_REDUCED') as is_open,
        price,
        cast(null as integer) as bedrooms,
        cast(null as varchar) as zip_code,
        event_time,
        stream_time_ms,
        5 as topic_rank,
        topic_epoch,
        kafka_partition,
        kafka_offset
    from stg_property_events
    where event_type in ('LISTED', 'PRICE_REDUCED', 'PENDING', 'SOLD', 'WITHDRAWN')
) as records
