/*
kind = "append"
family = "price_drop_notifications"
description = "Users put properties on their lists and take them off."
identity = ["topic_id", "kafka_partition", "kafka_offset"]
day_of = "event_time"
reach_days = 1
*/
-- Stored, because a save has no end: of all interactions, in a file a day, each step would open every one there is.
select
    topic_id, -- Id of the topic that the record came from
    topic_epoch, -- How many times that topic had been made
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    user_id, -- Identifies the user
    property_id, -- Identifies the property
    interaction_type, -- SAVE or UNSAVE
    event_time -- When, UTC
from stg_user_interactions
where interaction_type in ('SAVE', 'UNSAVE') and property_id is not null
