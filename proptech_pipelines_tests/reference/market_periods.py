"""`market_periods`: the figures of each region and month as last reported, and their change."""

from collections import defaultdict
from datetime import date

from proptech_pipelines_tests.reference.arithmetic import change_ppb, one_decimal
from proptech_pipelines_tests.reference.log import MARKET_DATA, Log, Row
from proptech_pipelines_tests.reference.staging import Staged, staged

Report = tuple[str, date]


def rows(log: Log) -> list[Row]:
    """One row for each (region, month) that was ever reported. Nothing is late here."""
    last = _last_reports(log)
    weights: defaultdict[date, list[tuple[int, int]]] = defaultdict(list)
    for (_, start), row in last.items():
        weights[start].append(_weight(row))
    return [_period(last, report, weights[report[1]]) for report in last]


def _last_reports(log: Log) -> dict[Report, Staged]:
    """The last record of each region and month in the total order of records."""
    last: dict[Report, Staged] = {}
    for row in staged(log):
        if row.topic != MARKET_DATA:
            continue
        report = row.text("region"), date(row.integer("year"), row.integer("month"), 1)
        if report not in last or last[report].order < row.order:
            last[report] = row
    return last


def _period(last: dict[Report, Staged], report: Report, weights: list[tuple[int, int]]) -> Row:
    region, start = report
    row = last[report]
    inventory = (row.value or {}).get("inventoryMonths")
    return {
        "region": region,
        "state_code": row.text("stateCode"),
        "period_start": start,
        "sales": row.integer_or_none("sales"),
        "volume": row.integer_or_none("volume"),
        "median_price": row.integer_or_none("medianPrice"),
        "listings": row.integer_or_none("listings"),
        "inventory_months": one_decimal(inventory if isinstance(inventory, int | float) else None),
        "median_change_month_ppb": _median_change(last.get((region, _months_before(start, 1))), row),
        "median_change_year_ppb": _median_change(last.get((region, _months_before(start, 12))), row),
        "weighted_price_sum": sum(price * sales for price, sales in weights),
        "weighted_sales": sum(sales for _, sales in weights),
    }


def _weight(row: Staged) -> tuple[int, int]:
    """(median price, sales) of a region that counts in the month's mean, else (0, 0)."""
    price, sales = row.integer_or_none("medianPrice"), row.integer_or_none("sales")
    return (0, 0) if price is None or sales is None else (price, sales)


def _median_change(before: Staged | None, row: Staged) -> int | None:
    old = None if before is None else before.integer_or_none("medianPrice")
    new = row.integer_or_none("medianPrice")
    return None if old is None or new is None else change_ppb(old, new)


def _months_before(start: date, months: int) -> date:
    index = start.year * 12 + start.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)
