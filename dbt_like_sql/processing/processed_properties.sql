/*
kind = "append"
family = "processed_properties"
every_seconds = 2
description = "Listings that break no rule, with their fields in normal form."
identity = ["topic_id", "kafka_partition", "kafka_offset"]
day_of = "event_time"

[conserves]
rows = "property_listing_checks"
late = "property_processing_errors"
*/
select
    property_id, -- Identifies the property
    price, -- Asking price, US dollars
    -- Prices are at most 10^12
    case
        when square_footage >= 1 then cast((price * 100) // square_footage as bigint)
    end as price_per_square_foot_cents, -- US cents a square foot, rounded down; null without a living area
    bedrooms, -- Bedrooms
    bathrooms, -- Bathrooms; halves count
    square_footage, -- Living area, square feet
    zip_code, -- Five-digit US zip code
    state_code, -- Two-letter US state code
    city, -- City in capitals
    property_type, -- residential, condo or multi_family
    latitude_e6, -- Millionths of a degree north
    longitude_e6, -- Millionths of a degree east
    event_time, -- When the listing was made, UTC
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from property_listing_checks
where broken_rules = ''
