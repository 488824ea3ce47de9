/*
kind = "staging"
topic = "property-events"
description = "Steps in the life of properties, typed; one row per valid record."
*/
select
    propertyId as property_id, -- Identifies the property
    eventType as event_type, -- LISTED, PRICE_REDUCED, PENDING, SOLD, WITHDRAWN or UNKNOWN
    price, -- Price, US dollars, where the step has one
    zipCode as zip_code, -- Zip code of the property
    stateCode as state_code -- State of the property
from decoded
