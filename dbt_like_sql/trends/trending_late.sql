/*
kind = "append"
family = "trending_neighborhoods"
description = "What missed a window of trending_windows by more than its grace of 1 hour, a row for each window."
identity = ["topic_id", "kafka_partition", "kafka_offset", "window_start"]
day_of = "window_start"
reach_days = 1
*/
select
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    zip_code, -- Five-digit US zip code
    event_time, -- When it happened, UTC
    window_start, -- Start of the window that it missed, UTC
    window_end, -- End of that window, UTC
    stream_time_ms, -- Stream time of its partition, ms since 1970
    date_diff('millisecond', closes_at, epoch_ms(stream_time_ms)) as lateness_ms -- How far past end and grace, ms
from trending_rows
where is_late
