/*
kind = "view"
family = "trending_neighborhoods"
description = "Views, saves and price changes, once for each 1-hour window that holds them; grace of 1 hour."
day_of = "window_start"
identity = ["topic_id", "kafka_partition", "kafka_offset", "window_start"]
*/
-- A window begins every 10 minutes: an event is in the one that begins in its own ten minutes and in the five before.
select
    zip_code, -- Five-digit US zip code
    views, -- 1 for a view of a property, else 0
    saved_views, -- 1 for a view of a property on the user's saved list, else 0
    saves, -- 1 for a property put on a saved list, else 0
    price_changes, -- 1 for a price change, else 0
    change_ppb, -- Its change in parts per billion of the old price, else 0
    ten_minutes - hops.span as window_start, -- Start of the window, included, UTC
    window_start + interval 1 hour as window_end, -- End of the window, excluded, UTC
    window_start + interval 2 hours as closes_at, -- End and grace: a stream time from here on is late
    window_start <= closed_to as is_late, -- Came after closes_at
    event_time, -- When it happened, UTC
    stream_time_ms, -- Largest event time of the partition so far, ms since 1970
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from trending_events
cross join (
    values
    (interval 0 minute), (interval 10 minute), (interval 20 minute),
    (interval 30 minute), (interval 40 minute), (interval 50 minute)
) as hops (span)
