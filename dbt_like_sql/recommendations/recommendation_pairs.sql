/*
kind = "view"
family = "personalized_recommendations"
description = "Each view of a property with each profile that its user had given within 10 minutes of it, either way."
identity = ["pair_id"]
day_of = "recommended_at"
*/
-- Both ends of the 10 minutes are included. A pair's moment t is the later of the two event times; both records must
-- count for it: stream_time <= t + 5 minutes. A tombstone makes no pair, and from it on the profiles before it make
-- none: who withdrew a profile is let be.
select
    topic_id || ':' || cast(kafka_partition as varchar) || ':' || cast(kafka_offset as varchar)
    || '+' || profile_topic_id || ':' || cast(profile_kafka_partition as varchar)
    || ':' || cast(profile_kafka_offset as varchar) as pair_id, -- Coordinates of the view, then of the profile
    user_id, -- The user
    viewed_property_id, -- The property looked at
    preferred_zip_codes, -- Zip codes looked for
    min_price, -- Lowest price looked for, US dollars; null for none
    max_price, -- Budget, US dollars
    min_bedrooms, -- Fewest bedrooms looked for
    state_code, -- State of the user, else of the property; null where neither is known
    viewed_at, -- When the property was looked at, UTC
    profile_updated_at, -- When the profile was given, UTC
    recommended_at, -- The pair's moment, UTC
    topic_id, -- Id of the topic that the view came from
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    profile_topic_id, -- Id of the topic that the profile came from
    profile_kafka_partition, -- Its partition
    profile_kafka_offset -- Its offset
from (
    -- Two joins, so that in each the moment is a column of one side: a bound on it holds there before they are joined.
    select
        views.user_id,
        views.property_id as viewed_property_id,
        profiles.preferred_zip_codes,
        profiles.min_price,
        profiles.max_price,
        profiles.min_bedrooms,
        coalesce(profiles.state_code, views.state_code) as state_code,
        views.event_time as viewed_at,
        profiles.event_time as profile_updated_at,
        views.event_time as recommended_at,
        views.topic_id,
        views.kafka_partition,
        views.kafka_offset,
        profiles.topic_id as profile_topic_id,
        profiles.kafka_partition as profile_kafka_partition,
        profiles.kafka_offset as profile_kafka_offset
    from stg_property_views as views
    inner join profile_versions as profiles
        on views.user_id = profiles.user_id
        and profiles.event_time <= views.event_time
        and profiles.event_time >= views.event_time - interval 10 minutes
        and profiles.withdrawn_at > views.event_time
        and epoch_ms(profiles.stream_time_ms) <= views.event_time + interval 5 minutes
    where epoch_ms(views.stream_time_ms) <= views.event_time + interval 5 minutes
        and not profiles.is_tombstone
    union all
    select
        views.user_id,
        views.property_id as viewed_property_id,
        profiles.preferred_zip_codes,
        profiles.min_price,
        profiles.max_price,
        profiles.min_bedrooms,
        coalesce(profiles.state_code, views.state_code) as state_code,
        views.event_time as viewed_at,
        profiles.event_time as profile_updated_at,
        profiles.event_time as recommended_at,
        views.topic_id,
        views.kafka_partition,
        views.kafka_offset,
        profiles.topic_id as profile_topic_id,
        profiles.kafka_partition as profile_kafka_partition,
        profiles.kafka_offset as profile_kafka_offset
    from stg_property_views as views
    inner join profile_versions as profiles
        on views.user_id = profiles.user_id
        and views.event_time < profiles.event_time
        and views.event_time >= profiles.event_time - interval 10 minutes
        and profiles.withdrawn_at > profiles.event_time
        and epoch_ms(views.stream_time_ms) <= profiles.event_time + interval 5 minutes
    where epoch_ms(profiles.stream_time_ms) <= profiles.event_time + interval 5 minutes
        and not profiles.is_tombstone
) as pairs
