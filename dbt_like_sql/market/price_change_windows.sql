/*
kind = "fold"
family = "price_change_analysis"
description = "Exact sums of price changes by zip code and hour."
day_of = "window_start"
reach_days = 1

[conserves]
rows = "price_change_rows"
count = "event_count"
late = "price_change_late"
*/
select
    zip_code, -- Five-digit US zip code
    window_start, -- Start of the hour, included, UTC
    min(state_code) as state_code, -- State
    count(*) as event_count, -- Price changes in the window
    cast(sum(change_ppb) as decimal(38, 0)) as change_sum, -- Sum of the changes, parts per billion
    -- Wide products cost as much as all the rest, so they are only made where 64 bits do not hold them
    cast(sum(
        case
            when change_ppb between -3000000000 and 3000000000 then cast(change_ppb * change_ppb as hugeint)
            else cast(change_ppb as hugeint) * change_ppb
        end
    ) as decimal(38, 0)) as change_square_sum, -- Sum of squares
    min(change_ppb) as min_change_ppb, -- Largest fall, parts per billion
    max(change_ppb) as max_change_ppb -- Largest rise, parts per billion
from price_change_rows
where not is_late
group by zip_code, window_start
