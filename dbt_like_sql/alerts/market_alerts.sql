/*
kind = "recompute"
family = "price_change_analysis"
description = "Windows whose mean change is beyond 5 % or whose volatility is beyond 15 %."
key = ["zip_code", "window_start"]
identity = ["zip_code", "window_start"]
day_of = "window_start"
*/
select
    zip_code, -- Five-digit US zip code
    window_start, -- Start of the hour, included, UTC
    window_end, -- End of the hour, excluded, UTC
    state_code, -- State
    event_count, -- Price changes in the window: the alert's revision
    change_sum, -- Sum of the changes, parts per billion
    change_square_sum, -- Sum of their squares
    average_change_ppb, -- Mean change, parts per billion, truncated toward zero
    case
        when is_average_alert and is_volatility_alert then 'average_change,volatility'
        when is_average_alert then 'average_change'
        else 'volatility'
    end as reason -- Which limit was passed
from price_change_rates
where is_average_alert or is_volatility_alert
