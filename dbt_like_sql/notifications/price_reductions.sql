/*
kind = "view"
family = "price_drop_notifications"
description = "Price changes to a lower price."
day_of = "event_time"
*/
select
    topic_id, -- Id of the topic that the record came from
    topic_epoch, -- How many times that topic had been made
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    property_id, -- Identifies the property
    zip_code, -- Five-digit US zip code
    state_code, -- Two-letter US state code
    old_price, -- Price before, US dollars
    new_price, -- Price after, US dollars
    change_ppb, -- Change in parts per billion of the price before, below zero or, where tiny, zero
    event_time -- When the price fell, UTC
from stg_property_price_changes
where new_price < old_price
