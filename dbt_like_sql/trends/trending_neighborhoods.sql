/*
kind = "settled"
family = "trending_neighborhoods"
description = "Final ranks of neighborhoods by 1-hour window, one every 10 minutes, decided once its grace is over."
moment = "last_moment"
wait = "1 hour"
identity = ["zip_code", "window_start"]
day_of = "window_start"

[reach]
trending_scores = "2 hours"
*/
select
    zip_code, -- Five-digit US zip code
    window_start, -- Start of the window, included, UTC
    window_end, -- End of the window, excluded, UTC
    window_end - interval 1 millisecond as last_moment, -- The moment for which it was decided, UTC
    views, -- Views of properties
    saved_views, -- Those of properties on the user's saved list
    saves, -- Properties put on a saved list
    price_changes, -- Price changes
    change_sum, -- Sum of these changes, parts per billion
    score, -- views + 2 saved_views + 5 saves + 3 price_changes
    rank, -- 1 is the highest score of the window
    -- Places won since the window one hop earlier, below 0 lost; null where the zip code was not in it
    case
        when lag(window_start) over (partition by zip_code order by window_start) = window_start - interval 10 minutes
        then lag(rank) over (partition by zip_code order by window_start) - rank
    end as rank_change
from trending_scores
