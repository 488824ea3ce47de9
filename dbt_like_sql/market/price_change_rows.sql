/*
kind = "view"
family = "price_change_analysis"
description = "Price changes with their 1-hour window and whether they came after its grace of 24 hours."
day_of = "window_start"
*/
select
    zip_code, -- Five-digit US zip code
    state_code, -- Two-letter US state code
    change_ppb, -- Change in parts per billion of the old price
    window_start, -- Start of the window, included, UTC
    window_start + interval 1 hour as window_end, -- End of the window, excluded, UTC
    window_start + interval 25 hours as closes_at, -- End and grace: a stream time from here on is late
    -- closes_at <= stream time, with the hours taken from the integer: an interval costs as much as the whole sum
    window_start <= epoch_ms(stream_time_ms - 90000000) as is_late, -- Came after closes_at
    event_time, -- When the price changed, UTC
    stream_time_ms, -- Largest event time of the partition so far, ms since 1970
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from price_change_hours
