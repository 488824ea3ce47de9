"""`price_change_analysis`: mean and spread of each window, and whether they are beyond the limits.

Limits compare integers; floats stand only in the last projection.
"""

import math
from datetime import datetime, timedelta

from proptech_pipelines_tests.reference import price_change_windows
from proptech_pipelines_tests.reference.arithmetic import BILLION, as_integer, truncated_quotient
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.windows import WINDOW_MS

PPB_PER_PERCENT = 10_000_000


def rows(log: Log) -> list[Row]:
    """One row for each row of `price_change_windows`."""
    return [analysis(window) for window in price_change_windows.rows(log)]


def is_average_alert(count: int, total: int) -> bool:
    """Whether the mean change is more than 5 % up or down; exactly 5 % is not."""
    return 20 * abs(total) > count * BILLION


def is_volatility_alert(count: int, total: int, square_total: int) -> bool:
    """Whether the population standard deviation is more than 15 %; exactly 15 % is not."""
    return 400 * (count * square_total - total * total) > 9 * count * count * BILLION**2


def analysis(window: Row) -> Row:
    """The row of one window of `price_change_windows`."""
    count, total, square_total = (as_integer(window[name]) for name in _SUMS)
    spread_ppb = math.sqrt(count * square_total - total * total) / count
    return {
        "zip_code": window["zip_code"],
        "window_start": window["window_start"],
        "window_end": _end(window["window_start"]),
        "state_code": window["state_code"],
        "event_count": count,
        "average_change_ppb": truncated_quotient(total, count),
        "min_change_ppb": window["min_change_ppb"],
        "max_change_ppb": window["max_change_ppb"],
        "is_average_alert": is_average_alert(count, total),
        "is_volatility_alert": is_volatility_alert(count, total, square_total),
        "average_change_percent": total / count / PPB_PER_PERCENT,
        "volatility_percent": spread_ppb / PPB_PER_PERCENT,
    }


_SUMS = ("event_count", "change_sum", "change_square_sum")


def _end(start: object) -> datetime:
    assert isinstance(start, datetime), f"{start!r} is not a moment"
    return start + timedelta(milliseconds=WINDOW_MS)
