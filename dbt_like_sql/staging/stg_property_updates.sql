/*
kind = "staging"
topic = "property-updates"
description = "Attribute changes that other services made, typed; one row per valid record."
*/
select
    propertyId as property_id, -- Identifies the property
    attribute, -- Which attribute
    oldValue as old_value, -- Value before, as text
    newValue as new_value, -- Value after, as text
    zipCode as zip_code, -- Zip code of the property
    stateCode as state_code -- State of the property
from decoded
