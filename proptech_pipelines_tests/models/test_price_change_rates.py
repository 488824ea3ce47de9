"""Averages and limits of a window from its sums, also where 64 bits do not hold them."""

from fractions import Fraction

import duckdb
import pytest

from proptech_pipelines.lake.generations import checkout_graph

LARGEST = 999 * 10**9  # 1000-fold up, parts per billion


@pytest.mark.parametrize(
    "changes",
    [
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
    ],
    ids=str,
)
def test_rates_are_exact(changes):
    count = sum(changes.values())
    total = sum(change * times for change, times in changes.items())
    squares = sum(change**2 * times for change, times in changes.items())
    mean = Fraction(total, count)
    variance = Fraction(squares, count) - mean**2
    average = int(mean)  # toward zero
    columns = "average_change_ppb, remainder, is_average_alert, is_volatility_alert"
    with duckdb.connect() as con:
        con.execute(
            "create table price_change_windows as select '78701' as zip_code, timestamp '2024-05-01' as window_start, "
            "'TX' as state_code, cast(? as bigint) as event_count, cast(? as decimal(38, 0)) as change_sum, "
            "cast(? as decimal(38, 0)) as change_square_sum, 0::bigint as min_change_ppb, 0::bigint as max_change_ppb",
            [count, str(total), str(squares)],
        )
        rows = con.execute(
            f"select {columns} from ({checkout_graph()['price_change_rates'].sql}\n)"
        ).fetchall()
    assert rows == [
        (average, total - average * count, abs(mean) > 5 * 10**7, variance > 225 * 10**14),
    ]
