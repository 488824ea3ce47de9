/*
kind = "fold"
family = "trending_neighborhoods"
every_seconds = 5
description = "Exact sums of views, saves and price changes by zip code and 1-hour window, one every 10 minutes."
day_of = "window_start"
reach_days = 1

[conserves]
rows = "trending_rows"
count = "event_count"
late = "trending_late"
*/
select
    zip_code, -- Five-digit US zip code
    window_start, -- Start of the window, included, UTC
    count(*) as event_count, -- Views, saves and price changes in the window
    cast(sum(views) as bigint) as views, -- Views of properties
    cast(sum(saved_views) as bigint) as saved_views, -- Those of properties on the user's saved list
    cast(sum(saves) as bigint) as saves, -- Properties put on a saved list
    cast(sum(price_changes) as bigint) as price_changes, -- Price changes
    cast(sum(change_ppb) as decimal(38, 0)) as change_sum -- Sum of these changes, parts per billion
from trending_rows
where not is_late
group by zip_code, window_start
