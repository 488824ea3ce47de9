/*
kind = "view"
family = "trending_neighborhoods"
description = "Ranks of neighborhoods as far as the log goes: provisional until the window is final."
day_of = "window_start"
*/
select
    zip_code, -- Five-digit US zip code
    window_start, -- Start of the window, included, UTC
    window_end, -- End of the window, excluded, UTC
    views, -- Views of properties
    saved_views, -- Those of properties on the user's saved list
    saves, -- Properties put on a saved list
    price_changes, -- Price changes
    score, -- views + 2 saved_views + 5 saves + 3 price_changes
    rank, -- 1 is the highest score of the window
    coalesce(window_end + interval 1 hour <= epoch_ms(stream_time_ms), false) as is_final -- No row can change it
from trending_scores
cross join (
    select case when count(stream_time_ms) = 3 then min(stream_time_ms) end as stream_time_ms
    from stream_times
    where topic in ('property-views', 'user-interactions', 'property-price-changes')
) as least_stream_time
