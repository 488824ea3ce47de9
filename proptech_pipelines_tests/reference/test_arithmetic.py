"""Exact numbers of the reference, against values worked out by hand."""

from decimal import Decimal

import pytest

from proptech_pipelines_tests.reference.arithmetic import change_ppb, milliseconds, moment, one_decimal


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (100, 105, 50_000_000),  # exactly 5 %
        (100, 95, -50_000_000),
        (3, 4, 333_333_333),  # 333,333,333.33
        (3, 2, -333_333_333),  # -333,333,333.33: the floor would be -333,333,334
        (3, 5, 666_666_666),  # 666,666,666.67: rounding would give ...667
        (3, 1, -666_666_666),
        (7, 7, 0),
        (10**12, 10**12 - 1, 0),  # -0.001 parts per billion; the floor would be -1
        (10**9, 10**9 + 1, 1),
        (1, 1000, 999 * 10**9),  # 1000-fold up, the most there is
        (1000, 1, -999_000_000),  # 1000-fold down
        (10**9, 10**12, 999 * 10**9),  # the product (new - old) * 10^9 is 9.99 * 10^20, past 64 bits
    ],
)
def test_change_is_truncated_toward_zero(old, new, expected):
    assert change_ppb(old, new) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (6.6, "6.6"),
        (0.25, "0.3"),  # half to even would give 0.2
        (0.35, "0.4"),  # 0.35 is stored as 0.34999...; what is written counts
        (-0.25, "-0.3"),  # away from zero
        (0.05, "0.1"),
        (0.04, "0.0"),
        (6, "6.0"),
    ],
)
def test_one_decimal_rounds_halves_away_from_zero(value, expected):
    assert one_decimal(value) == (None if expected is None else Decimal(expected))


def test_moments_are_exact_to_the_millisecond():
    text = "2024-05-01T10:59:59.999"
    assert milliseconds(text) == 1_714_561_199_999
    assert moment(1_714_561_199_999).isoformat(timespec="milliseconds") == text
    assert milliseconds("1970-01-01T00:00:00") == 0
