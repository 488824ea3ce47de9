/*
kind = "recompute"
family = "market_index"
every_seconds = 5
description = "Market figures by region and month, with changes and the month's sales-weighted sums."
key = ["period_start"]
identity = ["region", "period_start"]
reads = ["period_start", "cast(period_start - interval 1 month as date)", "cast(period_start - interval 12 months as date)"]
day_of = "period_start"
*/
with current_figures as (
    select *
    from stg_market_data
    qualify row_number() over (
        partition by region, period_start
        order by event_time desc, topic_epoch desc, kafka_partition desc, kafka_offset desc
    ) = 1
),

weights as (
    select
        period_start,
        cast(coalesce(sum(cast(sales as decimal(19, 0)) * median_price), 0) as decimal(38, 0)) as weighted_price_sum,
        cast(coalesce(sum(case when median_price is not null then sales end), 0) as decimal(38, 0)) as weighted_sales
    from current_figures
    group by period_start
)

select
    now_at.region, -- City or area
    now_at.state_code, -- Two-letter US state code
    now_at.period_start, -- First day of the month
    now_at.sales, -- Homes sold
    now_at.volume, -- Their total value, US dollars
    now_at.median_price, -- Median sale price, US dollars
    now_at.listings, -- Homes for sale at the end of the month
    now_at.inventory_months, -- Months it would take to sell them
    cast((cast(now_at.median_price - month_ago.median_price as hugeint) * 1000000000)
    // month_ago.median_price as decimal(38, 0)) as median_change_month_ppb, -- Change on the month, parts per billion
    cast((cast(now_at.median_price - year_ago.median_price as hugeint) * 1000000000)
    // year_ago.median_price as decimal(38, 0)) as median_change_year_ppb, -- Change on the year, parts per billion
    weights.weighted_price_sum, -- Sum over all regions of sales times median price
    weights.weighted_sales -- Sales of the regions that have a median price
from current_figures as now_at
inner join weights on now_at.period_start = weights.period_start
left join current_figures as month_ago
    on now_at.region = month_ago.region and month_ago.period_start = now_at.period_start - interval 1 month
left join current_figures as year_ago
    on now_at.region = year_ago.region and year_ago.period_start = now_at.period_start - interval 12 months
