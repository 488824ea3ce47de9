"""Wrong about changes, sums and limits."""

from proptech_pipelines_tests.aimed_logs import sums
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

WINDOWS = "dbt_like_sql/market/price_change_windows.sql"
RATES = "dbt_like_sql/market/price_change_rates.sql"
ANALYSIS = "dbt_like_sql/market/price_change_analysis.sql"
ALERTS = "dbt_like_sql/alerts/market_alerts.sql"
STAGED_CHANGES = "dbt_like_sql/staging/stg_property_price_changes.sql"

ARITHMETIC = (
    WrongVariant(
        "changes floored",
        STAGED_CHANGES,
        "((newPrice - oldPrice) * 1000000000) // oldPrice",
        "cast(floor((newPrice - oldPrice) * 1000000000 / oldPrice) as bigint)",
        sums,
    ),
    WrongVariant(
        "changes in floats",
        STAGED_CHANGES,
        "(cast(newPrice - oldPrice as hugeint) * 1000000000) // oldPrice",
        "trunc((newPrice - oldPrice) * 1e9 / oldPrice)",
        sums,
    ),
    WrongVariant(
        "change of the new price",
        STAGED_CHANGES,
        "((newPrice - oldPrice) * 1000000000) // oldPrice",
        "((newPrice - oldPrice) * 1000000000) // newPrice",
        sums,
    ),
    WrongVariant(
        "squares summed in floats",
        WINDOWS,
        "cast(change_ppb * change_ppb as hugeint)",
        "cast(change_ppb * change_ppb as double)",
        sums,
    ),
    WrongVariant("least for largest rise", WINDOWS, "max(change_ppb)", "min(change_ppb)", sums),
    WrongVariant("last for first state", WINDOWS, "min(state_code)", "max(state_code)", sums),
    WrongVariant(
        "mean floored",
        RATES,
        "cast(cast(change_sum as decimal(18, 0)) as bigint) // event_count",
        "cast(floor(change_sum / event_count) as bigint)",
        sums,
    ),
    WrongVariant(
        "limit of the mean included", RATES, "20 * abs(change_sum) >", "20 * abs(change_sum) >=", sums
    ),
    WrongVariant("only rises alert", RATES, "20 * abs(change_sum)", "20 * change_sum", sums),
    WrongVariant(
        "limit of the spread included",
        RATES,
        "excess > 0\n    and (excess >= event_count or excess * event_count > remainder * remainder)",
        "excess >= 0\n    and (excess >= event_count or excess * event_count >= remainder * remainder)",
        sums,
    ),
    WrongVariant(
        "spread without the remainder",
        RATES,
        "excess * event_count > remainder * remainder",
        "excess > 0",
        sums,
    ),
    WrongVariant(
        "spread without the mixed term",
        RATES,
        "        - cast(2 as decimal(38, 0)) * average_change_ppb * remainder\n",
        "",
        sums,
    ),
    WrongVariant(
        "spread of a sample",
        ANALYSIS,
        "* event_count) / event_count",
        "* event_count) / (event_count - 1)",
        sums,
    ),
    WrongVariant(
        "mean in parts per million",
        ANALYSIS,
        "change_sum / event_count / 1e7",
        "change_sum / event_count / 1e4",
        sums,
    ),
    WrongVariant("alert only for both", ALERTS, "is_average_alert or", "is_average_alert and", sums),
    WrongVariant(
        "mean hides the spread", ALERTS, "then 'average_change,volatility'", "then 'average_change'", sums
    ),
)
