/*
kind = "staging"
topic = "neighborhood-data"
description = "What is known of zip codes, typed; one row per valid record; a tombstone is the version none."
*/
select
    zipCode as zip_code, -- Five-digit US zip code; null in a tombstone, whose key is in record_key
    stateCode as state_code, -- Two-letter US state code
    name, -- Name of the neighborhood
    county, -- County
    medianPrice as median_price, -- Median asking price, US dollars
    walkScore as walk_score, -- Walkability, 0 to 100
    schoolRating as school_rating -- School rating, 1 to 10
from decoded
