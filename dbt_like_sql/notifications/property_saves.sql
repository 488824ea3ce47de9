/*
kind = "view"
family = "price_drop_notifications"
description = "Users put properties on their lists and take them off."
day_of = "event_time"
*/
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
