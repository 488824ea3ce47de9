"""`market_periods` and `market_index` of the reference, against values worked out by hand."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest

from proptech_pipelines_tests.reference import TABLES
from proptech_pipelines_tests.reference.building import report

JANUARY, FEBRUARY = (2020, 1), (2020, 2)


def column(log, name, table="market_index"):
    """A column by (region, month)."""
    return {(row["region"], f"{row['period_start']:%Y-%m}"): row[name] for row in TABLES[table](log)}


def test_period_holds_the_figures_as_reported():
    event = report(0, "2020-02-10T00:00", "Austin", JANUARY, 300_000, sales=5, inventory=2.25)
    assert TABLES["market_periods"]([event]) == [
        {
            "region": "Austin",
            "state_code": "TX",
            "period_start": date(2020, 1, 1),
            "sales": 5,
            "volume": 1_500_000,
            "median_price": 300_000,
            "listings": None,
            "inventory_months": Decimal("2.3"),
            "median_change_month_ppb": None,
            "median_change_year_ppb": None,
            "weighted_price_sum": 1_500_000,
            "weighted_sales": 5,
        }
    ]


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        # (reported at, partition, offset): event time first, then partition, then offset.
        (("2020-02-10T00:00", 0, 0), ("2020-02-10T00:00:00.001", 0, 1), "second"),
        (("2020-02-10T00:00:00.001", 0, 0), ("2020-02-10T00:00", 0, 1), "first"),
        (("2020-02-10T00:00", 0, 0), ("2020-02-10T00:00", 0, 1), "second"),
        (("2020-02-10T00:00", 0, 9), ("2020-02-10T00:00", 1, 0), "second"),
        (("2020-02-10T00:00", 1, 0), ("2020-02-10T00:00", 0, 9), "first"),
    ],
)
def test_last_record_in_total_order_wins(first, second, winner):
    prices = {"first": 100, "second": 200}
    log = [
        report(offset, when, "Austin", JANUARY, prices[name], sales=1, partition=partition)
        for name, (when, partition, offset) in (("first", first), ("second", second))
    ]
    assert column(log, "median_price") == {("Austin", "2020-01"): prices[winner]}


def test_later_record_with_null_wins_over_an_earlier_figure():
    log = [
        report(0, "2020-02-10T00:00", "Austin", JANUARY, 100, sales=1),
        report(1, "2020-02-11T00:00", "Austin", JANUARY, None, sales=None),
    ]
    (row,) = TABLES["market_index"](log)
    assert (row["median_price"], row["sales"], row["weighted_price_sum"], row["weighted_sales"]) == (
        None,
        None,
        0,
        0,
    )
    assert row["index_value"] is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (300_000, 303_000, 10_000_000),  # 1 %
        (3, 2, -333_333_333),  # toward zero
        (None, 2, None),
        (3, None, None),
        (1, 10**12, (10**12 - 1) * 10**9),  # past 64 bits: medians have no bound of 1000-fold
    ],
)
def test_change_is_against_the_same_regions_month_before(old, new, expected):
    log = [
        report(0, "2020-02-10T00:00", "Austin", JANUARY, old, sales=1),
        report(1, "2020-03-10T00:00", "Austin", FEBRUARY, new, sales=1),
        report(2, "2020-02-10T00:00", "Abilene", JANUARY, 1, sales=1),
    ]
    changes = column(log, "median_change_month_ppb")
    assert changes == {
        ("Austin", "2020-01"): None,
        ("Abilene", "2020-01"): None,
        ("Austin", "2020-02"): expected,
    }


def test_change_on_month_and_year_cross_the_turn_of_the_year_and_skip_missing_months():
    log = [
        report(0, "2019-02-10T00:00", "Austin", (2019, 1), 100, sales=1),
        report(1, "2020-01-10T00:00", "Austin", (2019, 12), 110, sales=1),
        report(2, "2020-02-10T00:00", "Austin", (2020, 1), 121, sales=1),
        report(3, "2020-04-10T00:00", "Austin", (2020, 3), 130, sales=1),  # February is missing
    ]
    month = column(log, "median_change_month_ppb")
    year = column(log, "median_change_year_ppb")
    assert month[("Austin", "2020-01")] == 100_000_000  # 110 to 121
    assert month[("Austin", "2020-03")] is None
    assert year[("Austin", "2020-01")] == 210_000_000  # 100 to 121
    assert year[("Austin", "2019-12")] is None


def test_correction_of_a_month_changes_the_month_and_the_year_after_it():
    log = [
        report(0, "2019-02-10T00:00", "Austin", (2019, 1), 100, sales=1),
        report(1, "2019-03-10T00:00", "Austin", (2019, 2), 120, sales=1),
        report(2, "2020-02-10T00:00", "Austin", (2020, 1), 150, sales=1),
    ]
    corrected = [*log, report(3, "2020-02-11T00:00", "Austin", (2019, 1), 80, sales=1)]
    assert column(log, "median_change_month_ppb")[("Austin", "2019-02")] == 200_000_000
    assert column(corrected, "median_change_month_ppb")[("Austin", "2019-02")] == 500_000_000
    assert column(log, "median_change_year_ppb")[("Austin", "2020-01")] == 500_000_000
    assert column(corrected, "median_change_year_ppb")[("Austin", "2020-01")] == 875_000_000


def test_weights_are_over_all_regions_of_the_month_with_price_and_sales():
    log = [
        report(0, "2020-02-10T00:00", "Austin", JANUARY, 300, sales=2),
        report(1, "2020-02-10T00:00", "Abilene", JANUARY, 100, sales=6),
        report(2, "2020-02-10T00:00", "Waco", JANUARY, None, sales=50),
        report(3, "2020-02-10T00:00", "Tyler", JANUARY, 900, sales=None),
        report(4, "2020-02-10T00:00", "Paris", JANUARY, 900, sales=0),
        report(5, "2020-02-10T00:00", "Dallas", FEBRUARY, 900, sales=1),
    ]
    sums, sales = column(log, "weighted_price_sum"), column(log, "weighted_sales")
    assert {sums[(region, "2020-01")] for region in ("Austin", "Abilene", "Waco", "Tyler", "Paris")} == {
        1_200
    }
    assert {sales[(region, "2020-01")] for region in ("Austin", "Abilene", "Waco", "Tyler", "Paris")} == {8}
    assert (sums[("Dallas", "2020-02")], sales[("Dallas", "2020-02")]) == (900, 1)


def test_index_is_100_in_the_first_month_with_sales():
    log = [
        report(
            0, "2020-01-10T00:00", "Austin", (2019, 12), 500, sales=0
        ),  # no sales: no index, and not the base
        report(1, "2020-02-10T00:00", "Austin", JANUARY, 300, sales=2),
        report(2, "2020-02-10T00:00", "Abilene", JANUARY, 100, sales=6),  # 1,200 / 8 = 150
        report(3, "2020-03-10T00:00", "Austin", FEBRUARY, 360, sales=1),
        report(4, "2020-03-10T00:00", "Abilene", FEBRUARY, 120, sales=1),  # 480 / 2 = 240
    ]
    assert column(log, "index_value") == {
        ("Austin", "2019-12"): None,
        ("Austin", "2020-01"): 100.0,
        ("Abilene", "2020-01"): 100.0,
        ("Austin", "2020-02"): 160.0,
        ("Abilene", "2020-02"): 160.0,
    }
    # A still earlier month becomes the base: 75 per sale.
    earlier = report(5, "2020-05-01T00:00", "Waco", (2018, 7), 75, sales=4)
    assert column([*log, earlier], "index_value")[("Austin", "2020-01")] == 200.0


def test_state_comes_with_the_winning_record():
    first = report(0, "2020-02-10T00:00", "Texarkana", JANUARY, 100, sales=1)
    second = report(1, "2020-02-11T00:00", "Texarkana", JANUARY, 100, sales=1)
    moved = dataclasses.replace(second, value={**(second.value or {}), "stateCode": "AR"})
    assert column([first, moved], "state_code") == {("Texarkana", "2020-01"): "AR"}
