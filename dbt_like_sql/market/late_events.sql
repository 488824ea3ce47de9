/*
kind = "view"
family = "price_change_analysis"
description = "Every row that came too late for a window, with the window and by how much."
day_of = "window_start"
*/
select
    'price_change_windows' as table_name, -- The table that did not take the row
    'property-price-changes' as topic, -- Topic of the record
    topic_id, -- Id of the topic
    kafka_partition, -- Partition
    kafka_offset, -- Offset
    zip_code as key, -- Key of the window
    event_time, -- Event time, UTC
    window_start, -- Start of the window, UTC
    window_end, -- End of the window, UTC
    stream_time_ms, -- Stream time of the partition, ms since 1970
    lateness_ms -- How far past the window's end and grace, ms; 0 is late
from price_change_late
