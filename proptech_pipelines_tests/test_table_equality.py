"""The comparison of tables tells wrong from right."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from proptech_pipelines_tests.table_equality import assert_same_rows

NOON = datetime(2024, 5, 1, 12)  # noqa: DTZ001  tables hold naive UTC


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ([], []),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}]),
        ([{"a": 1, "extra": 7}], [{"a": 1}]),
        ([{"a": Decimal(5)}], [{"a": 5}]),
        ([{"a": 0.1 + 0.2}], [{"a": 0.3}]),
        ([{"a": 0.5}], [{"a": Decimal("0.5")}]),
        ([{"a": None, "b": 1.0}, {"a": 1, "b": None}], [{"a": 1, "b": None}, {"a": None, "b": 1.0}]),
        # Floats that differ a little do not change which rows are paired.
        ([{"a": 1.0 + 1e-12, "b": 1}, {"a": 1.0, "b": 2}], [{"a": 1.0, "b": 1}, {"a": 1.0 + 1e-12, "b": 2}]),
    ],
)
def test_equal_tables_pass(actual, expected):
    assert_same_rows(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ([{"a": 1}], []),
        ([], [{"a": 1}]),
        ([{"a": 1}, {"a": 1}], [{"a": 1}]),
        ([{"a": 1}, {"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}, {"a": 2}]),
        ([{"a": 2}], [{"a": 1}]),
        ([{"b": 1}], [{"a": 1}]),
        ([{"a": None}], [{"a": 0}]),
        ([{"a": 1}], [{"a": True}]),
        ([{"a": True}], [{"a": 1}]),
        ([{"a": "1"}], [{"a": 1}]),
        ([{"a": 1.00001}], [{"a": 1.0}]),
        ([{"a": float("nan")}], [{"a": 1.0}]),
        ([{"a": None}], [{"a": 1.0}]),
        ([{"a": NOON}], [{"a": NOON.date()}]),
        ([{"a": date(2024, 5, 1)}], [{"a": datetime(2024, 5, 1)}]),  # noqa: DTZ001
        # The largest integers differ by one where floats do not.
        ([{"a": 2**63}], [{"a": 2**63 - 1}]),
    ],
)
def test_unequal_tables_fail(actual, expected):
    with pytest.raises(AssertionError, match="table"):
        assert_same_rows(actual, expected)
