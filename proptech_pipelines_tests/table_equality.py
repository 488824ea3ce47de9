"""Whether a table holds exactly the rows that it should: as multisets, exact but for floats."""

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

Row = dict[str, object]

TOLERANCE = 1e-9
"""Floats stand only in last projections; they may differ by this much, relative or absolute."""


def assert_same_rows(actual: Sequence[Row], expected: Sequence[Row], what: str = "table") -> None:
    """Compare over the columns of `expected`, in any order of rows; `actual` may have further columns.

    Integers and decimals must be equal, a bool is no integer, a float may differ by `TOLERANCE`.
    """
    columns = list(expected[0]) if expected else []
    assert all(list(row) == columns for row in expected), f"{what}: the expected rows differ in their columns"
    missing = [name for name in columns if any(name not in row for row in actual)]
    assert missing == [], f"{what} lacks the columns {missing}"
    left, right = _in_order(actual, columns), _in_order(expected, columns)
    wrong = [
        (got, want)
        for got, want in zip(left, right, strict=False)
        if not all(_is_same(got[name], want[name]) for name in columns)
    ]
    assert wrong == [], f"{what}: got {wrong[0][0]}\nbut expected {wrong[0][1]}\nand {len(wrong) - 1} more"
    assert len(left) == len(right), f"{what} has {len(left)} rows, not {len(right)}: {left or right}"


def _in_order(rows: Sequence[Row], columns: list[str]) -> list[Row]:
    """The rows cut to `columns`, in an order that slightly different floats do not change."""
    cut = [{name: row[name] for name in columns} for row in rows]
    return sorted(cut, key=lambda row: [_sortable(row[name]) for name in columns])


def _sortable(value: object) -> tuple[int, str | Decimal]:
    if value is None or isinstance(value, float):
        return 0, ""
    return (1, Decimal(value)) if isinstance(value, int | Decimal) else (2, str(value))


def _is_same(got: object, want: object) -> bool:
    if isinstance(got, bool) or isinstance(want, bool):
        return got is want
    if isinstance(got, float) and isinstance(want, float | Decimal | int):
        return math.isclose(got, float(want), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if isinstance(got, date) and isinstance(want, date):
        return type(got) is type(want) and got == want
    return got == want
