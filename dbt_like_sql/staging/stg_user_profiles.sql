/*
kind = "staging"
topic = "user-profiles"
description = "What users look for, typed; one row per valid record; a tombstone is the version none."
*/
select
    userId as user_id, -- Identifies the user; null in a tombstone, whose key is in record_key
    preferredZipCodes as preferred_zip_codes, -- Zip codes looked for
    minPrice as min_price, -- Lowest price, US dollars
    maxPrice as max_price, -- Budget, US dollars
    minBedrooms as min_bedrooms, -- Fewest bedrooms
    stateCode as state_code -- State of the user
from decoded
