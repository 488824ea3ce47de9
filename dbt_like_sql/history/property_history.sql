/*
kind = "append"
family = "property_history"
every_seconds = 5
description = "The audit trail of every property: what happened, as its story, in the words of one event a row."
identity = ["topic_epoch", "kafka_partition", "kafka_offset"]
day_of = "event_time"
reach_days = 1
*/
select
    property_id, -- Identifies the property
    event_time, -- When it happened, UTC
    event_type, -- LISTED, PRICE_REDUCED, PENDING, SOLD, WITHDRAWN or UNKNOWN
    price, -- Price, US dollars, where the step has one
    case event_type
        when 'LISTED' then 'listed'
        when 'PRICE_REDUCED' then 'reduced'
        when 'PENDING' then 'pending'
        when 'SOLD' then 'sold'
        when 'WITHDRAWN' then 'withdrawn'
        else 'an unknown step'
    end
    || case when price is null then '' when event_type = 'PRICE_REDUCED' then ' to ' else ' at ' end
    || coalesce(price_text, '') as story, -- The step in words: listed at 520,000
    zip_code, -- Zip code of the property
    state_code, -- State of the property
    topic_id, -- Id of the topic that the record came from
    topic_epoch, -- How many times that topic had been made, from 1
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from property_steps
