"""Averages and limits of a window from its sums, also where 64 bits do not hold them."""

from fractions import Fraction

import duckdb
import pytest

from proptech_pipelines.lake.generations import checkout_graph

MODEL = checkout_graph()["price_change_rates"]
LARGEST = 999 * 10**9  # 1000-fold up, parts per billion
CHANGES = [
    {LARGEST: 10_000_000},  # a sum of 9.99 * 10^18: 19 digits
    {LARGEST: 1_001_001},  # the last one of 18 digits
    {LARGEST: 1_001_002},
    {LARGEST: 10**9, -999_000_000: 3},
    {-1: 9_000_000_000, -999_000_000: 1_001_001_002},  # a sum of 19 digits below 0
    {50_000_000: 3},
    {50_000_000: 2, 50_000_001: 1},
    {-50_000_000: 2, -49_999_999: 1},
    {150_000_000: 1, -150_000_000: 1},
    {150_000_000: 1, -150_000_001: 1},
]
"""How often each change came in a window."""
COLUMNS = "average_change_ppb, remainder, is_average_alert, is_volatility_alert"


def window(changes: dict[int, int]) -> str:
    """The row of the windows table as a SELECT."""
    count = sum(changes.values())
    total = sum(change * times for change, times in changes.items())
    squares = sum(change**2 * times for change, times in changes.items())
    return (
        "select '78701' as zip_code, timestamp '2024-05-01' as window_start, 'TX' as state_code, "
        f"cast({count} as bigint) as event_count, cast('{total}' as decimal(38, 0)) as change_sum, "
        f"cast('{squares}' as decimal(38, 0)) as change_square_sum, cast(0 as bigint) as min_change_ppb, "
        "cast(0 as bigint) as max_change_ppb"
    )


def expected(changes: dict[int, int]) -> tuple[object, ...]:
    """The columns `COLUMNS` by exact arithmetic."""
    count = sum(changes.values())
    total = sum(change * times for change, times in changes.items())
    mean = Fraction(total, count)
    variance = Fraction(sum(change**2 * times for change, times in changes.items()), count) - mean**2
    average = int(mean)  # toward zero
    return average, total - average * count, abs(mean) > 5 * 10**7, variance > 225 * 10**14


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_rates_are_exact(changes):
    with duckdb.connect() as con:
        con.execute(f"create table price_change_windows as {window(changes)}")
        assert con.execute(f"select {COLUMNS} from ({MODEL.sql}\n)").fetchall() == [expected(changes)]
