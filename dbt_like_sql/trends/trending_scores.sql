/*
kind = "view"
family = "trending_neighborhoods"
description = "Windows of neighborhoods with their score and their rank in the window."
day_of = "window_start"
*/
-- score = views + 2 saved_views + 5 saves + 3 price_changes: a view of a saved property counts for three views, a save
-- for five, a price change of either direction for three. Ties go to the lower zip code, so that a rank is had once.
select
    zip_code, -- Five-digit US zip code
    window_start, -- Start of the window, included, UTC
    window_start + interval 1 hour as window_end, -- End of the window, excluded, UTC
    views, -- Views of properties
    saved_views, -- Those of properties on the user's saved list
    saves, -- Properties put on a saved list
    price_changes, -- Price changes
    change_sum, -- Sum of these changes, parts per billion
    views + 2 * saved_views + 5 * saves + 3 * price_changes as score, -- The formula above
    rank() over (
        partition by window_start
        order by views + 2 * saved_views + 5 * saves + 3 * price_changes desc, zip_code
    ) as rank -- 1 is the highest score of the window
from trending_windows
