/*
kind = "recompute"
family = "price_drop_notifications"
every_seconds = 5
description = "Who is told of a price reduction: those who looked at the property or have it on their list, once each."
key = ["property_id"]
driver = "price_reductions"
time = "event_time"
identity = ["topic_id", "kafka_partition", "kafka_offset", "user_id"]
day_of = "event_time"
*/
-- A view watches for 30 days, both ends included. A save watches until it is removed, so that there is no `back`:
-- that DuckDB opens no more than 30 days of views it finds out from the condition below.
with viewers as (
    select distinct cuts.topic_id, cuts.kafka_partition, cuts.kafka_offset, views.user_id
    from price_reductions as cuts
    inner join stg_property_views as views
        on cuts.property_id = views.property_id
        and views.event_time >= cuts.event_time - interval 30 days and views.event_time <= cuts.event_time
),

listed as (
    select
        cuts.topic_id,
        cuts.kafka_partition,
        cuts.kafka_offset,
        saves.user_id,
        saves.interaction_type,
        row_number() over (
            partition by cuts.topic_id, cuts.kafka_partition, cuts.kafka_offset, saves.user_id
            order by
                saves.event_time desc, saves.topic_epoch desc, saves.kafka_partition desc, saves.kafka_offset desc
        ) as age
    from price_reductions as cuts
    inner join property_saves as saves
        on cuts.property_id = saves.property_id and saves.event_time <= cuts.event_time
),

watchers as (
    select
        topic_id,
        kafka_partition,
        kafka_offset,
        user_id,
        max(is_viewer) as is_viewer,
        max(is_saver) as is_saver
    from (
        select topic_id, kafka_partition, kafka_offset, user_id, 1 as is_viewer, 0 as is_saver
        from viewers
        union all
        select topic_id, kafka_partition, kafka_offset, user_id, 0 as is_viewer, 1 as is_saver
        from listed
        where age = 1 and interaction_type = 'SAVE'
    ) as ways
    group by topic_id, kafka_partition, kafka_offset, user_id
)

select
    -- Of table, coordinates of the reduction and user; no part before the user can hold a bar
    md5(concat(
        'price_drop_notifications|', cuts.topic_id, '|', cast(cuts.kafka_partition as varchar), '|',
        cast(cuts.kafka_offset as varchar), '|', watchers.user_id
    )) as notification_id, -- Names the notification; the same however often it is worked out
    watchers.user_id, -- Whom to tell
    cuts.property_id, -- The property
    cuts.zip_code, -- Its five-digit US zip code
    cuts.state_code, -- Its two-letter US state code
    cuts.old_price, -- Price before, US dollars
    cuts.new_price, -- Price after, US dollars
    cuts.old_price - cuts.new_price as reduction, -- By how much it fell, US dollars
    case
        when watchers.is_viewer = 1 and watchers.is_saver = 1 then 'both'
        when watchers.is_viewer = 1 then 'viewed'
        else 'saved'
    end as watched_by, -- viewed (in the 30 days before), saved, or both
    cuts.event_time, -- When the price fell, UTC
    cuts.topic_id, -- Id of the topic that the reduction came from
    cuts.kafka_partition, -- Its partition
    cuts.kafka_offset -- Its offset
from price_reductions as cuts
inner join watchers
    on cuts.topic_id = watchers.topic_id
    and cuts.kafka_partition = watchers.kafka_partition
    and cuts.kafka_offset = watchers.kafka_offset
