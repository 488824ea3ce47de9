/*
kind = "recompute"
family = "property_history"
description = "One document for each property that can be bought: its state beside what its latest listing says."
key = ["property_id"]
identity = ["property_id"]
day_of = "updated_at"
*/
with latest_listings as (
    select *
    from stg_property_listings
    qualify row_number() over (
        partition by property_id
        order by event_time desc, topic_epoch desc, kafka_partition desc, kafka_offset desc
    ) = 1
)

select
    live.property_id, -- Identifies the property
    live.status, -- listed or pending
    coalesce(live.asking_price, listing.price) as price, -- Asking price, US dollars; the trail's before the listing's
    listing.bedrooms, -- Bedrooms
    -- Bathrooms, whole and half ones, at most 999
    cast(
        cast(floor(case when listing.bathrooms > 999 then 999 else listing.bathrooms end * 2) as integer)
        * cast(0.5 as decimal(2, 1)) as decimal(4, 1)
    ) as bathrooms,
    listing.square_footage as square_feet, -- Living area, square feet
    listing.property_type, -- Residential, Condo, Multi_Family
    listing.city, -- City as the agent wrote it
    coalesce(listing.zip_code, live.zip_code) as zip_code, -- Five-digit US zip code
    coalesce(listing.state_code, live.state_code) as state_code, -- Two-letter US state code
    live.listed_at, -- Last listing of the trail, UTC
    greatest(live.last_event_at, listing.event_time) as updated_at -- Latest step or listing, UTC
from property_current as live
left join latest_listings as listing on live.property_id = listing.property_id
where live.status in ('listed', 'pending')
