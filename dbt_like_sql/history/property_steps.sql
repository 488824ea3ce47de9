/*
kind = "view"
family = "property_history"
description = "Steps in the life of properties with their price as people write it."
day_of = "event_time"
*/
select
    property_id, -- Identifies the property
    event_time, -- When it happened, UTC
    event_type, -- LISTED, PRICE_REDUCED, PENDING, SOLD, WITHDRAWN or UNKNOWN
    price, -- Price, US dollars, where the step has one
    -- In groups of three digits, of which those without a digit are cut off on the left: 520,000. At most 15 digits
    ltrim(
        substr(lpad(cast(price as varchar), 15, ' '), 1, 3) || ','
        || substr(lpad(cast(price as varchar), 15, ' '), 4, 3) || ','
        || substr(lpad(cast(price as varchar), 15, ' '), 7, 3) || ','
        || substr(lpad(cast(price as varchar), 15, ' '), 10, 3) || ','
        || substr(lpad(cast(price as varchar), 15, ' '), 13, 3),
        ' ,'
    ) as price_text,
    zip_code, -- Zip code of the property
    state_code, -- State of the property
    topic_id, -- Id of the topic that the record came from
    topic_epoch, -- How many times that topic had been made, from 1
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from stg_property_events
