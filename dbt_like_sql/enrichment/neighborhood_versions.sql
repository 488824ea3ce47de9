/*
kind = "view"
family = "enriched_listings"
description = "Every version of what is known of a zip code; a tombstone is the version none."
day_of = "event_time"
*/
select
    case when is_tombstone then record_key else zip_code end as zip_code, -- Five-digit US zip code
    is_tombstone, -- Whether nothing is known from then on
    state_code, -- Two-letter US state code
    name, -- Name of the neighborhood
    county, -- County
    median_price, -- Median asking price, US dollars
    walk_score, -- Walkability, 0 to 100
    school_rating, -- School rating, 1 to 10
    event_time, -- When it was measured, UTC; of a tombstone, when it was sent
    topic_id, -- Id of the topic that the record came from
    topic_epoch, -- How many times that topic had been made
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from stg_neighborhood_data
