/*
kind = "fold"
family = "property_analytics"
every_seconds = 5
description = "What happened to the properties of a state in an hour, as far as the log goes."
day_of = "window_start"
reach_days = 1

[conserves]
rows = "analytics_rows"
count = "event_count"
late = "analytics_late"
*/
select
    state_code, -- Two-letter US state code
    window_start, -- Start of the hour, included, UTC
    count(*) as event_count, -- Records counted in the hour
    cast(sum(views) as bigint) as views, -- Views of properties
    cast(sum(saves) as bigint) as saves, -- Properties put on a saved list
    cast(sum(contacts) as bigint) as contacts, -- Contacts with agents
    cast(sum(price_changes) as bigint) as price_changes, -- Price changes
    cast(sum(price_reductions) as bigint) as price_reductions, -- Those to a lower price
    cast(sum(listings) as bigint) as listings, -- Listings published or edited
    cast(sum(sold) as bigint) as sold, -- Properties sold
    cast(sum(updates) as bigint) as updates -- Attributes of properties that other services changed
from analytics_rows
where not is_late
group by state_code, window_start
