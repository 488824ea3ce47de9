/*
kind = "staging"
topic = "property-listings"
description = "Listings as they arrived, typed; one row per valid record."
*/
select
    propertyId as property_id, -- Identifies the property
    price, -- Asking price, US dollars
    bedrooms, -- Bedrooms
    bathrooms, -- Bathrooms; halves count
    squareFootage as square_footage, -- Living area, square feet
    zipCode as zip_code, -- Five-digit US zip code
    stateCode as state_code, -- Two-letter US state code
    city, -- City as the agent wrote it
    propertyType as property_type, -- Residential, Condo, Multi_Family
    latitude, -- Degrees north
    longitude, -- Degrees east
    listedAt is not null as has_listed_at, -- False where the listing gave no time of its own
    energyRating as energy_rating -- Energy rating as the certificate gives it, A to G; null where there is none
from decoded
