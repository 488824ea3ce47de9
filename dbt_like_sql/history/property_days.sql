/*
kind = "fold"
family = "property_history"
description = "What the steps of a day left of each property: its last ones of every kind, and counts."
day_of = "day"
reach_days = 1
*/
-- The greatest of structs that begin with the order of records is the last: no two steps share their first four.
select
    property_id, -- Identifies the property
    date_trunc('day', event_time) as day, -- Day of the steps, UTC
    count(*) as steps, -- Steps
    count(case when event_type = 'PRICE_REDUCED' then 1 end) as reductions, -- Reductions of the price
    min(event_time) as first_event_at, -- First step, UTC
    max(event_time) as last_event_at, -- Last step, UTC
    max(case when event_type in ('LISTED', 'PENDING', 'SOLD', 'WITHDRAWN') then {
        'event_time': event_time, 'topic_epoch': topic_epoch, 'kafka_partition': kafka_partition,
        'kafka_offset': kafka_offset, 'event_type': event_type, 'price': price
    } end) as status_step, -- Last step that changed the status
    max(case when event_type = 'LISTED' then {
        'event_time': event_time, 'topic_epoch': topic_epoch, 'kafka_partition': kafka_partition,
        'kafka_offset': kafka_offset, 'price': price
    } end) as listing_step, -- Last listing
    max(case when event_type in ('LISTED', 'PRICE_REDUCED') and price is not null then {
        'event_time': event_time, 'topic_epoch': topic_epoch, 'kafka_partition': kafka_partition,
        'kafka_offset': kafka_offset, 'price': price
    } end) as asking_step, -- Last step that named an asking price
    max(case when zip_code is not null or state_code is not null then {
        'event_time': event_time, 'topic_epoch': topic_epoch, 'kafka_partition': kafka_partition,
        'kafka_offset': kafka_offset, 'zip_code': zip_code, 'state_code': state_code
    } end) as place_step -- Last step that named a place
from property_history
group by property_id, date_trunc('day', event_time)
