"""`price_change_late`: the price changes that missed their window, each with how late it was."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Log, Row
from proptech_pipelines_tests.reference.staging import Staged, staged
from proptech_pipelines_tests.reference.windows import is_late, lateness_ms, window_end_ms, window_start_ms


def rows(log: Log) -> list[Row]:
    """One row for each late price change; one that is re-admitted stays."""
    return [_late(row) for row in staged(log) if row.topic == PRICE_CHANGES and is_late(row)]


def _late(row: Staged) -> Row:
    return {
        "kafka_partition": row.partition,
        "kafka_offset": row.offset,
        "zip_code": row.text("zipCode"),
        "event_time": moment(row.event_time_ms),
        "window_start": moment(window_start_ms(row)),
        "window_end": moment(window_end_ms(row)),
        "stream_time_ms": row.stream_time_ms,
        "lateness_ms": lateness_ms(row),
    }
