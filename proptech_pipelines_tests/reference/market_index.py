"""`market_index`: `market_periods` beside the month's sales-weighted price, the first month's being 100."""

from fractions import Fraction

from proptech_pipelines_tests.reference import market_periods
from proptech_pipelines_tests.reference.arithmetic import as_integer
from proptech_pipelines_tests.reference.log import Log, Row


def rows(log: Log) -> list[Row]:
    """One row for each row of `market_periods`, with `index_value`.

    The base is the earliest month with weighted sales. A month without them has no index.
    """
    periods = market_periods.rows(log)
    base = _base_price(periods)
    return [{**period, "index_value": _index(_price(period), base)} for period in periods]


def _base_price(periods: list[Row]) -> Fraction | None:
    priced = [period for period in periods if _price(period) is not None]
    return _price(min(priced, key=lambda period: str(period["period_start"]))) if priced else None


def _price(period: Row) -> Fraction | None:
    """Sales-weighted mean of the medians of the month's regions, exact."""
    total, sales = as_integer(period["weighted_price_sum"]), as_integer(period["weighted_sales"])
    return Fraction(total, sales) if sales > 0 else None


def _index(price: Fraction | None, base: Fraction | None) -> float | None:
    return None if price is None or base is None else float(100 * price / base)
