/*
kind = "view"
family = "price_change_analysis"
description = "Price changes with their hour, worked out once: a filter in a view above would do it again."
day_of = "window_start"
*/
select
    zip_code, -- Five-digit US zip code
    state_code, -- Two-letter US state code
    change_ppb, -- Change in parts per billion of the old price
    -- From the integer, as no event time is before 1970: date_trunc takes twice as long
    make_timestamp(epoch_us(event_time) // 3600000000 * 3600000000) as window_start, -- Start of the hour, included, UTC
    event_time, -- When the price changed, UTC
    stream_time_ms, -- Largest event time of the partition so far, ms since 1970
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from stg_property_price_changes
