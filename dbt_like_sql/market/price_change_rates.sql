/*
kind = "view"
family = "price_change_analysis"
description = "Windows of price changes with their exact averages and whether they are beyond a limit."
day_of = "window_start"
*/
-- Volatility over 15 % is 400 (n ss - s^2) > 9 n^2 10^18. With s = q n + r it is a n > r^2, where
-- a = ss - q^2 n - 2 q r - 22500000000000000 n; r^2 < n^2, so a >= n decides it without the product.
-- Each change is below 10^12, so every term stays below n 10^25: no overflow up to 10^13 rows a window.
select
    zip_code, -- Five-digit US zip code
    window_start, -- Start of the hour, included, UTC
    window_start + interval 1 hour as window_end, -- End of the hour, excluded, UTC
    state_code, -- State
    event_count, -- Price changes in the window
    change_sum, -- Sum of the changes, parts per billion
    change_square_sum, -- Sum of their squares
    min_change_ppb, -- Largest fall, parts per billion
    max_change_ppb, -- Largest rise, parts per billion
    average_change_ppb, -- Mean change, parts per billion, truncated toward zero
    remainder, -- Sum less count times mean, parts per billion
    excess, -- n times the variance less that of 15 %, but for remainder^2 / n: an exact term of the spread
    20 * abs(change_sum) > event_count * cast(1000000000 as decimal(19, 0)) as is_average_alert, -- Mean beyond 5 %
    excess > 0
    and (excess >= event_count or excess * event_count > remainder * remainder) as is_volatility_alert -- Beyond 15 %
from (
    select
        *,
        change_square_sum
        - cast(average_change_ppb as decimal(38, 0)) * average_change_ppb * event_count
        - cast(2 as decimal(38, 0)) * average_change_ppb * remainder
        - cast(22500000000000000 as decimal(38, 0)) * event_count as excess
    from (
        select
            *,
            change_sum - cast(average_change_ppb as decimal(38, 0)) * event_count as remainder
        from (
            select
                *,
                -- In 128 bits a cast and a division take 0.8 microseconds each, so only for sums beyond 18 digits
                case
                    when change_sum between -999999999999999999 and 999999999999999999
                        then cast(cast(change_sum as decimal(18, 0)) as bigint) // event_count
                    else cast(cast(change_sum as hugeint) // event_count as bigint)
                end as average_change_ppb
            from price_change_windows
        ) as averages
    ) as remainders
) as terms
