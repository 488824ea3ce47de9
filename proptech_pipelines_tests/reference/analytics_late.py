"""`analytics_late`: what came too late for the hourly figures."""

from proptech_pipelines_tests.reference.analytics_windows import events, start_ms
from proptech_pipelines_tests.reference.hours import is_late, late_row
from proptech_pipelines_tests.reference.log import Log, Row


def rows(log: Log) -> list[Row]:
    """One row for each record that came after the grace of its hour."""
    return [
        late_row(row, {"state_code": row.text("stateCode")}, start_ms(row))
        for row in events(log)
        if is_late(row, start_ms(row))
    ]
