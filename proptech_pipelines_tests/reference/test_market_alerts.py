"""`price_change_analysis` and `market_alerts` of the reference, against values worked out by hand.

Limits: the mean beyond 5 % is `20 |s| > n 10^9`, the spread beyond 15 % is `400 (n ss - s^2) > 9 n^2 10^18`.
"""

import pytest

from proptech_pipelines_tests.reference import TABLES
from proptech_pipelines_tests.reference.arithmetic import milliseconds, moment
from proptech_pipelines_tests.reference.building import price_change


def one_window(*prices: tuple[int, int]):
    """A log of price changes in one window."""
    return [price_change(n, "2024-05-01T10:30", old, new) for n, (old, new) in enumerate(prices)]


def reasons(log):
    """The reasons of the alerts."""
    return [row["reason"] for row in TABLES["market_alerts"](log)]


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        # One change has no spread. 5 %: 20 * 50,000,000 = 1 * 10^9, not more.
        ([(100, 105)], []),
        ([(10**9, 1_050_000_001)], ["average_change"]),  # 50,000,001
        ([(10**9, 1_049_999_999)], []),
        ([(100, 95)], []),
        ([(10**9, 949_999_999)], ["average_change"]),  # -50,000,001
        ([(100, 110), (100, 100)], []),  # mean exactly 5 %
        ([(100, 110), (10**9, 10**9 + 1)], ["average_change"]),  # sum 100,000,001
        # +15 % and -15 %: n ss = 2 * 4.5 * 10^16, s = 0; 400 * 9 * 10^16 = 9 * 4 * 10^18, not more.
        ([(100, 115), (100, 85)], []),
        # One part per billion further: n ss - s^2 = (a - b)^2 = 300,000,001^2 for two changes a and b.
        ([(10**9, 1_150_000_001), (100, 85)], ["volatility"]),
        ([(10**9, 1_149_999_999), (100, 85)], []),
        # +20 % and -10 %: mean 5 %, spread 15 %, both exactly on the limit.
        ([(100, 120), (100, 90)], []),
        # +20 % and one part per billion: both beyond.
        ([(10**9, 1_200_000_001), (100, 90)], ["average_change,volatility"]),
        # +20 % and +20 %: no spread.
        ([(100, 120), (100, 120)], ["average_change"]),
        ([(1, 1000), (1000, 1)], ["average_change,volatility"]),
    ],
)
def test_alert_only_beyond_the_limit(prices, expected):
    assert reasons(one_window(*prices)) == expected


def test_analysis_has_a_row_for_a_quiet_window_and_market_alerts_has_none():
    log = one_window((100, 110), (3, 2), (100, 100))
    start = moment(milliseconds("2024-05-01T10:00"))
    end = moment(milliseconds("2024-05-01T11:00"))
    (row,) = TABLES["price_change_analysis"](log)
    floats = row.pop("average_change_percent"), row.pop("volatility_percent")
    assert row == {
        "zip_code": "78701",
        "window_start": start,
        "window_end": end,
        "state_code": "TX",
        "event_count": 3,
        "average_change_ppb": -77_777_777,  # -233,333,333 / 3 = -77,777,777.67, toward zero
        "min_change_ppb": -333_333_333,
        "max_change_ppb": 100_000_000,
        "is_average_alert": True,  # 7.78 %
        "is_volatility_alert": True,
    }
    # Changes +10, -33.3333333 and 0 %: mean -7.77777777.
    # Mean of squares 403.7037030 less 60.4938270 is 343.2098760.
    assert floats == pytest.approx((-7.77777776667, 18.52592443), rel=1e-9)
    assert reasons(log) == ["average_change,volatility"]
    assert len(TABLES["price_change_analysis"](one_window((100, 101)))) == 1
    assert reasons(one_window((100, 101))) == []


def test_alert_bears_the_sums_of_its_window():
    assert TABLES["market_alerts"](one_window((100, 120), (100, 118))) == [
        {
            "zip_code": "78701",
            "window_start": moment(milliseconds("2024-05-01T10:00")),
            "window_end": moment(milliseconds("2024-05-01T11:00")),
            "state_code": "TX",
            "event_count": 2,
            "change_sum": 380_000_000,
            "change_square_sum": 72_400_000_000_000_000,  # 4.00 + 3.24 times 10^16
            "average_change_ppb": 190_000_000,
            "reason": "average_change",
        }
    ]


def test_late_row_raises_no_alert():
    log = [
        price_change(0, "2024-05-02T11:00", 100, 100),
        price_change(1, "2024-05-01T10:30", 100, 200),
    ]
    assert reasons(log) == []
    assert reasons(log[1:]) == ["average_change"]


def test_change_back_within_the_limit_ends_the_alert():
    log = [price_change(0, "2024-05-01T10:30", 100, 108), price_change(1, "2024-05-01T10:31", 100, 100)]
    assert reasons(log[:1]) == ["average_change"]
    assert reasons(log) == []  # mean 4 %, spread 4 %


def test_spread_of_equal_large_changes_is_zero():
    log = one_window(*[(1, 1000)] * 3)
    (row,) = TABLES["price_change_analysis"](log)
    assert (row["volatility_percent"], row["average_change_percent"]) == (0.0, 99_900.0)
    assert row["is_volatility_alert"] is False
