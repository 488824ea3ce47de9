/*
kind = "staging"
topic = "user-interactions"
description = "What users did other than look, typed; one row per valid record."
*/
select
    userId as user_id, -- Identifies the user
    interactionType as interaction_type, -- SAVE, UNSAVE, SEARCH, CONTACT, SHARE or UNKNOWN
    propertyId as property_id, -- The property, where there is one
    zipCode as zip_code, -- Zip code concerned
    stateCode as state_code -- State concerned
from decoded
