/*
kind = "append"
family = "property_analytics"
description = "What came too late for the hourly figures: after the hour's grace of 1 hour."
identity = ["topic_id", "kafka_partition", "kafka_offset"]
day_of = "window_start"
reach_days = 1
*/
select
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    state_code, -- Two-letter US state code
    event_time, -- When it happened, UTC
    window_start, -- Start of the hour that it missed, UTC
    window_end, -- End of that hour, UTC
    stream_time_ms, -- Stream time of its partition, ms since 1970
    date_diff('millisecond', closes_at, epoch_ms(stream_time_ms)) as lateness_ms -- How far past end and grace, ms
from analytics_rows
where is_late
