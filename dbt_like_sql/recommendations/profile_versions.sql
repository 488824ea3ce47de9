/*
kind = "view"
family = "personalized_recommendations"
description = "What users were looking for, each version with the moment from which a tombstone behind it counts."
identity = ["topic_epoch", "kafka_partition", "kafka_offset"]
day_of = "event_time"
*/
-- Behind it in the order of event_time, topic_epoch, kafka_partition, kafka_offset. A tombstone counts for moment t if
-- event_time <= t and stream_time <= t + 5 minutes: from one moment on.
select
    coalesce(user_id, record_key) as user_id, -- The user
    is_tombstone, -- True for the version none
    preferred_zip_codes, -- Zip codes looked for
    min_price, -- Lowest price looked for, US dollars; null for none
    max_price, -- Budget, US dollars
    min_bedrooms, -- Fewest bedrooms looked for
    state_code, -- State of the user
    event_time, -- When the profile was given, UTC
    stream_time_ms, -- Largest event time of the partition by then, ms since 1970
    coalesce(
        min(
            case
                when is_tombstone then greatest(event_time, epoch_ms(stream_time_ms) - interval 5 minutes)
            end
        ) over (
            partition by coalesce(user_id, record_key)
            order by event_time, topic_epoch, kafka_partition, kafka_offset
            rows between 1 following and unbounded following
        ),
        timestamp '9999-12-31 00:00:00'
    ) as withdrawn_at, -- First moment for which the profile is withdrawn, UTC; the year 9999 for never
    topic_id, -- Id of the topic that it came from
    topic_epoch, -- How many times that topic had been made
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from stg_user_profiles
