/*
kind = "staging"
topic = "market-data"
description = "Published figures of a region and month, typed; one row per valid record."
*/
select
    region, -- City or area
    stateCode as state_code, -- Two-letter US state code
    make_date(year, month, 1) as period_start, -- First day of the month
    sales, -- Homes sold in the month
    volume, -- Their total value, US dollars
    medianPrice as median_price, -- Median sale price, US dollars
    listings, -- Homes for sale at the end of the month
    cast(inventoryMonths as decimal(12, 1)) as inventory_months -- Months it would take to sell them
from decoded
