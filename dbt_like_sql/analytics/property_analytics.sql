/*
kind = "settled"
family = "property_analytics"
description = "The hourly figures of each state as published for other services, decided once its grace is over."
moment = "last_moment"
wait = "1 hour"
identity = ["state_code", "window_start"]
day_of = "window_start"
reach_days = 1

[reach]
analytics_windows = "2 hours"
*/
select
    state_code, -- Two-letter US state code
    window_start, -- Start of the hour, included, UTC
    window_start + interval 1 hour as window_end, -- End of the hour, excluded, UTC
    window_start + interval 1 hour - interval 1 millisecond as last_moment, -- The moment for which it was decided, UTC
    event_count, -- Records counted in the hour
    views, -- Views of properties
    saves, -- Properties put on a saved list
    contacts, -- Contacts with agents
    price_changes, -- Price changes
    price_reductions, -- Those to a lower price
    listings, -- Listings published or edited
    sold, -- Properties sold
    updates -- Attributes of properties that other services changed
from analytics_windows
