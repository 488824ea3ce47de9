"""Exact integers, and moments as DuckDB hands them out. No float but where a name says percent."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BILLION = 1_000_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def truncated_quotient(dividend: int, divisor: int) -> int:
    """`dividend / divisor` cut off toward zero: -7 / 2 is -3, where Python's `//` says -4."""
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def change_ppb(old: int, new: int) -> int:
    """Change from `old` to `new` in parts per billion of `old`, truncated toward zero. `old` is not 0."""
    return truncated_quotient((new - old) * BILLION, old)


def as_integer(value: object) -> int:
    """`value`, which must be an integer already."""
    assert isinstance(value, int), f"{value!r} is not an integer"
    return value


def one_decimal(value: float | None) -> Decimal | None:
    """`value` as it is written, to one decimal, halves away from zero: 0.25 is 0.3 and -0.25 is -0.3."""
    if value is None:
        return None
    return Decimal(repr(value)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def moment(milliseconds: int) -> datetime:
    """A naive datetime in UTC, exact to the millisecond."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(text: str) -> int:
    """Milliseconds since 1970 of an ISO text in UTC: `2024-05-01T10:00:00.001`."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)
