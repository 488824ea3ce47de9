/*
kind = "view"
family = "property_history"
description = "The state of every property after all of its steps, in the order of their event times."
day_of = "last_event_at"
*/
select
    property_id, -- Identifies the property
    coalesce(lower(struct_extract(status_step, 'event_type')), 'unknown') as status, -- listed, pending, sold, ...
    struct_extract(status_step, 'event_time') as status_since, -- Last step that set the status, UTC
    struct_extract(listing_step, 'event_time') as listed_at, -- Last listing, UTC
    struct_extract(listing_step, 'price') as list_price, -- Price of the last listing, US dollars
    struct_extract(asking_step, 'price') as asking_price, -- Price last asked, US dollars
    struct_extract(asking_step, 'event_time') as asking_since, -- When it was first asked, UTC
    case
        when struct_extract(status_step, 'event_type') = 'SOLD' then struct_extract(status_step, 'price')
    end as sold_price, -- Price of a sold property, US dollars
    reductions, -- Reductions of the price so far
    steps, -- Steps so far
    first_event_at, -- First step, UTC
    last_event_at, -- Last step, UTC
    struct_extract(place_step, 'zip_code') as zip_code, -- Zip code of the property
    struct_extract(place_step, 'state_code') as state_code -- State of the property
from (
    select
        property_id,
        cast(sum(steps) as bigint) as steps,
        cast(sum(reductions) as bigint) as reductions,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        max(status_step) as status_step,
        max(listing_step) as listing_step,
        max(asking_step) as asking_step,
        max(place_step) as place_step
    from property_days
    group by property_id
) as states
