/*
kind = "view"
family = "personalized_recommendations"
description = "Each view of a property with each profile that its user had given within 10 minutes of it, either way."
identity = ["pair_id"]
day_of = "recommended_at"
*/
-- Both ends of the 10 minutes are included. A pair's moment t is the later of the two event times; both records must
-- count for it: stream_time <= t + 5 minutes. A tombstone makes no pair, and from it on the profiles before it (in
-- the order of event_time, topic_epoch, kafka_partition, kafka_offset) make none: who withdrew a profile is let be.
with profiles as (
    select
        coalesce(user_id, record_key) as user_id,
        is_tombstone,
        preferred_zip_codes,
        min_price,
        max_price,
        min_bedrooms,
        state_code,
        event_time,
        stream_time_ms,
        topic_id,
        kafka_partition,
        kafka_offset,
        coalesce(
            min(
                case
                    when is_tombstone
                        then greatest(event_time, epoch_ms(stream_time_ms) - interval 5 minutes)
                end
            ) over (
                partition by coalesce(user_id, record_key)
                order by event_time, topic_epoch, kafka_partition, kafka_offset
                rows between 1 following and unbounded following
            ),
            timestamp '9999-12-31 00:00:00'
        ) as withdrawn_at
    from stg_user_profiles
)

select
    views.topic_id || ':' || cast(views.kafka_partition as varchar) || ':' || cast(views.kafka_offset as varchar)
    || '+' || profiles.topic_id || ':' || cast(profiles.kafka_partition as varchar)
    || ':' || cast(profiles.kafka_offset as varchar) as pair_id, -- Coordinates of the view, then of the profile
    views.user_id, -- The user
    views.property_id as viewed_property_id, -- The property looked at
    profiles.preferred_zip_codes, -- Zip codes looked for
    profiles.min_price, -- Lowest price looked for, US dollars; null for none
    profiles.max_price, -- Budget, US dollars
    profiles.min_bedrooms, -- Fewest bedrooms looked for
    coalesce(profiles.state_code, views.state_code) as state_code, -- State of the user, else of the property; or null
    views.event_time as viewed_at, -- When the property was looked at, UTC
    profiles.event_time as profile_updated_at, -- When the profile was given, UTC
    greatest(views.event_time, profiles.event_time) as recommended_at, -- The pair's moment, UTC
    views.topic_id, -- Id of the topic that the view came from
    views.kafka_partition, -- Its partition
    views.kafka_offset, -- Its offset
    profiles.topic_id as profile_topic_id, -- Id of the topic that the profile came from
    profiles.kafka_partition as profile_kafka_partition, -- Its partition
    profiles.kafka_offset as profile_kafka_offset -- Its offset
from stg_property_views as views
inner join profiles
    on views.user_id = profiles.user_id
    and views.event_time >= profiles.event_time - interval 10 minutes
    and views.event_time <= profiles.event_time + interval 10 minutes
    and greatest(views.event_time, profiles.event_time) < profiles.withdrawn_at
    and epoch_ms(views.stream_time_ms) <= greatest(views.event_time, profiles.event_time) + interval 5 minutes
    and epoch_ms(profiles.stream_time_ms) <= greatest(views.event_time, profiles.event_time) + interval 5 minutes
where not profiles.is_tombstone
