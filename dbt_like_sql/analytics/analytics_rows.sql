/*
kind = "view"
family = "property_analytics"
description = "What the hourly figures count, with the hour and whether it came after that hour's grace of 1 hour."
day_of = "window_start"
identity = ["topic_id", "kafka_partition", "kafka_offset"]
*/
select
    state_code, -- Two-letter US state code
    views, -- 1 for a view of a property, else 0
    saves, -- 1 for a property put on a saved list, else 0
    contacts, -- 1 for a contact with an agent, else 0
    price_changes, -- 1 for a price change, else 0
    price_reductions, -- 1 for a change to a lower price, else 0
    listings, -- 1 for a listing that was published or edited, else 0
    sold, -- 1 for a sale, else 0
    updates, -- 1 for an attribute that another service changed, else 0
    date_trunc('hour', event_time) as window_start, -- Start of the hour, included, UTC
    date_trunc('hour', event_time) + interval 1 hour as window_end, -- End of the hour, excluded, UTC
    date_trunc('hour', event_time) + interval 2 hours as closes_at, -- End and grace: a stream time from here on is late
    -- closes_at <= stream time, with the hours taken from the integer, which is quicker
    date_trunc('hour', event_time) <= epoch_ms(stream_time_ms - 7200000) as is_late, -- Came after closes_at
    event_time, -- When it happened, UTC
    stream_time_ms, -- Largest event time of the partition so far, ms since 1970
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from analytics_events
