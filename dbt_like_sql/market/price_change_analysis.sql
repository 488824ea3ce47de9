/*
kind = "view"
family = "price_change_analysis"
description = "Price changes by zip code and hour: count, mean, volatility, limits, and whether the hour is final."
day_of = "window_start"
*/
select
    zip_code, -- Five-digit US zip code
    window_start, -- Start of the hour, included, UTC
    window_end, -- End of the hour, excluded, UTC
    state_code, -- State
    event_count, -- Price changes in the window
    average_change_ppb, -- Mean change, parts per billion, truncated toward zero
    is_average_alert, -- Mean change beyond 5 % either way
    is_volatility_alert, -- Standard deviation beyond 15 %
    min_change_ppb, -- Largest fall, parts per billion
    max_change_ppb, -- Largest rise, parts per billion
    change_sum / event_count / 1e7 as average_change_percent, -- Mean change, percent
    -- From the exact terms: the difference of two large floats would lose a small spread
    sqrt(greatest(
        (excess + cast(22500000000000000 as decimal(38, 0)) * event_count) / event_count
        - (remainder / event_count) * (remainder / event_count),
        0
    )) / 1e7 as volatility_percent, -- Population standard deviation, percent
    coalesce(window_end + interval 24 hours <= epoch_ms(stream_time_ms), false) as is_final -- No row can change it
from price_change_rates
cross join (
    select min(stream_time_ms) as stream_time_ms
    from stream_times
    where topic = 'property-price-changes'
) as least_stream_time
