/*
kind = "recompute"
family = "enriched_listings"
every_seconds = 2
description = "Each listing with what was known of its zip code at its event time, also where that came later."
key = ["zip_code"]
driver = "stg_property_listings"
time = "event_time"
identity = ["topic_id", "kafka_partition", "kafka_offset"]
day_of = "event_time"
*/
-- A version holds from its own event time, included, to that of the next one, excluded: of versions of one event time
-- all but the last hold for no time at all.
-- Nothing is cast that may not fit. Degrees are rounded half up, by the same operations on doubles everywhere.
-- Prices are at most 10^12, so (price - median) * 10^9 // median, of up to 21 digits, is made in three steps: how many
-- whole medians, then six places more, then three.
with periods as (
    select
        *,
        lead(event_time, 1, timestamp '9999-12-31 00:00:00') over (
            partition by zip_code order by event_time, topic_epoch, kafka_partition, kafka_offset
        ) as valid_until
    from neighborhood_versions
)

select
    listings.property_id, -- Identifies the property
    listings.price, -- Asking price, US dollars
    listings.bedrooms, -- Bedrooms
    case
        when listings.bathrooms < 999.95 then cast(listings.bathrooms as decimal(4, 1))
    end as bathrooms, -- Bathrooms; halves count
    listings.square_footage, -- Living area, square feet
    listings.zip_code, -- Five-digit US zip code; null where the listing gave none
    listings.state_code, -- Two-letter US state code
    listings.city, -- City as the agent wrote it
    listings.property_type, -- Residential, Condo, Multi_Family
    listings.energy_rating, -- Energy rating as the certificate gives it, A to G
    case
        when listings.latitude >= -90 and listings.latitude <= 90
            then cast(floor(listings.latitude * 1000000 + 0.5) as bigint)
    end as latitude_e6, -- Millionths of a degree north
    case
        when listings.longitude >= -180 and listings.longitude <= 180
            then cast(floor(listings.longitude * 1000000 + 0.5) as bigint)
    end as longitude_e6, -- Millionths of a degree east
    periods.zip_code is not null as has_neighborhood, -- False where nothing was known: all of the neighborhood is null
    periods.name as neighborhood_name, -- Name of the neighborhood
    periods.county as neighborhood_county, -- County
    periods.state_code as neighborhood_state_code, -- Two-letter US state code of the neighborhood
    periods.median_price as neighborhood_median_price, -- Median asking price, US dollars
    periods.walk_score as neighborhood_walk_score, -- Walkability, 0 to 100
    periods.school_rating as neighborhood_school_rating, -- School rating, 1 to 10
    periods.event_time as neighborhood_event_time, -- When that was measured, UTC: at the listing's time or before
    date_diff(
        'millisecond', periods.event_time, listings.event_time
    ) as neighborhood_age_ms, -- How long before the listing that was, ms
    case
        when listings.square_footage >= 1 then (listings.price * 100) // listings.square_footage
    end as price_per_square_foot_cents, -- US cents a square foot, rounded down; null without a living area
    cast(
        cast((listings.price - periods.median_price) // periods.median_price as decimal(38, 0)) * 1000000000
        + (((listings.price - periods.median_price) % periods.median_price) * 1000000 // periods.median_price) * 1000
        + ((((listings.price - periods.median_price) % periods.median_price) * 1000000) % periods.median_price) * 1000
        // periods.median_price
        as decimal(38, 0)
    ) as price_to_median_ppb, -- Price less the median, parts per billion of the median, truncated toward zero
    listings.has_listed_at, -- False where event_time is when the record was sent
    listings.event_time, -- When the listing was made, UTC
    listings.topic_id, -- Id of the topic that the listing came from
    listings.topic_epoch, -- How many times that topic had been made, from 1
    listings.kafka_partition, -- Its partition
    listings.kafka_offset, -- Its offset
    periods.topic_id as neighborhood_topic_id, -- Id of the topic that the version came from
    periods.kafka_partition as neighborhood_partition, -- Its partition
    periods.kafka_offset as neighborhood_offset -- Its offset
from stg_property_listings as listings
left join periods
    on listings.zip_code = periods.zip_code
    and listings.event_time >= periods.event_time
    and listings.event_time < periods.valid_until
    and not periods.is_tombstone
