"""Wrong about market figures and their order."""

from proptech_pipelines_tests.aimed_logs import figures, made_again
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

PERIODS = "dbt_like_sql/market/market_periods.sql"
INDEX = "dbt_like_sql/market/market_index.sql"
STAGED_FIGURES = "dbt_like_sql/staging/stg_market_data.sql"

FIGURES = (
    *(
        WrongVariant(f"first by {column} wins", PERIODS, f"{column} desc", f"{column} asc", figures)
        for column in ("event_time", "kafka_partition", "kafka_offset")
    ),
    WrongVariant(
        "figures of the topic's first making win",
        PERIODS,
        "topic_epoch desc",
        "topic_epoch asc",
        made_again,
        "made again",
    ),
    WrongVariant(
        "no look-back to the month before",
        PERIODS,
        ', "cast(period_start - interval 1 month as date)"',
        "",
        figures,
    ),
    WrongVariant(
        "no look-back to the year before",
        PERIODS,
        ', "cast(period_start - interval 12 months as date)"',
        "",
        figures,
    ),
    WrongVariant(
        "change on two months",
        PERIODS,
        "month_ago.period_start = now_at.period_start - interval 1 month",
        "month_ago.period_start = now_at.period_start - interval 2 months",
        figures,
    ),
    WrongVariant(
        "change on eleven months",
        PERIODS,
        "year_ago.period_start = now_at.period_start - interval 12 months",
        "year_ago.period_start = now_at.period_start - interval 11 months",
        figures,
    ),
    WrongVariant(
        "months without another lost",
        PERIODS,
        "left join current_figures as month_ago",
        "inner join current_figures as month_ago",
        figures,
    ),
    WrongVariant(
        "change on the month floored",
        PERIODS,
        "cast((cast(now_at.median_price - month_ago.median_price as hugeint) * 1000000000)\n"
        "    // month_ago.median_price as decimal(38, 0))",
        "cast(floor((now_at.median_price - month_ago.median_price) * 1000000000\n"
        "    / month_ago.median_price) as decimal(38, 0))",
        figures,
    ),
    WrongVariant(
        "prices not weighted",
        PERIODS,
        "cast(sales as decimal(19, 0)) * median_price",
        "median_price",
        figures,
    ),
    WrongVariant(
        "sales without a price weigh",
        PERIODS,
        "case when median_price is not null then sales end",
        "sales",
        figures,
    ),
    WrongVariant(
        "base is the latest month",
        INDEX,
        "order by period_start, region",
        "order by period_start desc, region",
        figures,
    ),
    WrongVariant("base is any month", INDEX, " ignore nulls", "", figures),
    WrongVariant(
        "months of supply cut off",
        STAGED_FIGURES,
        "cast(inventoryMonths as decimal(12, 1))",
        "cast(trunc(inventoryMonths, 1) as decimal(12, 1))",
        figures,
    ),
)
