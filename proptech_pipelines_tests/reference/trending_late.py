"""`trending_late`: views, saves and price changes that missed one of their windows, a row for each that they missed."""

from proptech_pipelines_tests.reference.hours import is_late, late_row
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.trending_windows import events, starts_ms


def rows(log: Log) -> list[Row]:
    """One row for each (record, window) that came after the window's grace."""
    return [
        late_row(row, {"zip_code": row.text("zipCode")}, start_ms)
        for row in events(log)
        for start_ms in starts_ms(row)
        if is_late(row, start_ms)
    ]
