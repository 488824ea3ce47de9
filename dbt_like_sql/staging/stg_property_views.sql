/*
kind = "staging"
topic = "property-views"
description = "Views of properties by users, typed; one row per valid record."
*/
select
    userId as user_id, -- Identifies the user
    propertyId as property_id, -- Identifies the property
    zipCode as zip_code, -- Zip code of the property
    stateCode as state_code, -- State of the property
    device, -- UNKNOWN, WEB, IOS or ANDROID
    saved, -- Whether the property was on the user's saved list
    durationSeconds as duration_seconds -- How long it was looked at, seconds
from decoded
