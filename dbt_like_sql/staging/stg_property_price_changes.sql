/*
kind = "staging"
topic = "property-price-changes"
description = "Price changes as they arrived, typed; one row per valid record."
*/
select
    propertyId as property_id, -- Identifies the property
    zipCode as zip_code, -- Five-digit US zip code
    stateCode as state_code, -- Two-letter US state code
    oldPrice as old_price, -- Price before, US dollars
    newPrice as new_price, -- Price after, US dollars
    -- Change in parts per billion of the old price, truncated toward zero; wide integers only where they are needed
    case
        when abs(newPrice - oldPrice) < 9000000000 then ((newPrice - oldPrice) * 1000000000) // oldPrice
        else cast((cast(newPrice - oldPrice as hugeint) * 1000000000) // oldPrice as bigint)
    end as change_ppb
from decoded
