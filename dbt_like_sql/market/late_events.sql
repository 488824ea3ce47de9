/*
kind = "view"
family = "late_events"
description = "Every row that came too late, with what it missed, by how much, and whether it was re-admitted."
day_of = "window_start"
*/
select
    table_name, -- The table that did not take the row
    topic, -- Topic of the record
    topic_id, -- Id of the topic
    kafka_partition, -- Partition
    kafka_offset, -- Offset
    key, -- Key of the window, or whom the record is about
    event_time, -- Event time, UTC
    window_start, -- Start of what it missed, UTC
    window_end, -- End of that, UTC
    stream_time_ms, -- Stream time of the partition, ms since 1970
    lateness_ms, -- How far past the end and grace, ms
    readmitted_by is not null as is_readmitted, -- True where it counts after all
    readmitted_by -- Number in the control log of the re-admission by which it counts, null for none
from (
    select
        'price_change_windows' as table_name, topic_id, kafka_partition, kafka_offset, zip_code as key, event_time,
        window_start, window_end, stream_time_ms, lateness_ms
    from price_change_late
    union all
    select
        'trending_windows' as table_name, topic_id, kafka_partition, kafka_offset, zip_code as key, event_time,
        window_start, window_end, stream_time_ms, lateness_ms
    from trending_late
    union all
    select
        'analytics_windows' as table_name, topic_id, kafka_partition, kafka_offset, state_code as key, event_time,
        window_start, window_end, stream_time_ms, lateness_ms
    from analytics_late
    union all
    select
        'personalized_recommendations' as table_name, topic_id, kafka_partition, kafka_offset, key, event_time,
        window_start, window_end, stream_time_ms, lateness_ms
    from recommendation_late
    union all
    select
        'stale_price_cuts' as table_name, topic_id, kafka_partition, kafka_offset, property_id as key, event_time,
        cut_at as window_start, watched_until as window_end, stream_time_ms, lateness_ms
    from price_cut_late_views
) as late_rows
left join (
    select
        table_name, topic_id, kafka_partition, kafka_offset,
        max(control_number) as readmitted_by
    from readmissions
    group by table_name, topic_id, kafka_partition, kafka_offset
) as readmitted using (table_name, topic_id, kafka_partition, kafka_offset)
left join topic_ids using (topic_id)
