/*
kind = "view"
family = "market_index"
description = "Market figures by region and month beside a sales-weighted price index of all regions."
day_of = "period_start"
*/
select
    *,
    -- 100 in the earliest month with sales; null in a month without
    100.0 * (weighted_price_sum / nullif(weighted_sales, 0))
    / first_value(case when weighted_sales > 0 then weighted_price_sum / weighted_sales end ignore nulls)
        over (order by period_start, region rows between unbounded preceding and unbounded following) as index_value
from market_periods
