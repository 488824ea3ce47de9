"""Wrong about what is late, and for which window."""

from proptech_pipelines_tests.aimed_logs import lateness
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

HOURS = "dbt_like_sql/market/price_change_hours.sql"
ROWS = "dbt_like_sql/market/price_change_rows.sql"
WINDOWS = "dbt_like_sql/market/price_change_windows.sql"
LATE = "dbt_like_sql/market/price_change_late.sql"
PREPARE = "proptech_pipelines/pipeline/prepare.py"
INGEST = "proptech_pipelines/pipeline/ingest.py"
RULES = "proptech_pipelines/contracts/rules.py"

_IS_LATE = "<= epoch_ms(stream_time_ms - 90000000) as is_late"
_CARRY = "running_stream_time(rows.event_time_ms[own], state.stream_time_ms)"
_LAST = "int(stream_times[own.stop - 1]) if own.stop > own.start else state.stream_time_ms"
_DEAD_TIMES = "*(int(batch.timestamps_ms[bad.index]) for bad in rows.bad)"
EVENT_TIME = (
    WrongVariant("late only after close time", ROWS, _IS_LATE, _IS_LATE.replace("<=", "<"), lateness),
    WrongVariant("grace an hour short", ROWS, _IS_LATE, _IS_LATE.replace("90000000", "86400000"), lateness),
    WrongVariant("grace an hour long", ROWS, _IS_LATE, _IS_LATE.replace("90000000", "93600000"), lateness),
    WrongVariant("no grace", ROWS, _IS_LATE, _IS_LATE.replace("90000000", "3600000"), lateness),
    WrongVariant("nothing is late", ROWS, _IS_LATE, "< timestamp '1970-01-01' as is_late", lateness),
    WrongVariant(
        "late by Kafka timestamp",
        HOURS,
        "    stream_time_ms, --",
        "    kafka_timestamp_ms as stream_time_ms, --",
        lateness,
    ),
    WrongVariant("late rows folded too", WINDOWS, "where not is_late", "where true", lateness),
    WrongVariant("late rows lost", LATE, "where is_late", "where is_late and false", lateness),
    WrongVariant(
        "lateness without grace", LATE, "'millisecond', closes_at", "'millisecond', window_end", lateness
    ),
    WrongVariant(
        "windows begin 1 ms early",
        HOURS,
        "epoch_us(event_time) //",
        "(epoch_us(event_time) + 1000) //",
        lateness,
    ),
    WrongVariant(
        "windows include their end",
        HOURS,
        "epoch_us(event_time) //",
        "(epoch_us(event_time) - 1000) //",
        lateness,
    ),
    WrongVariant(
        "Kafka timestamp for event time",
        RULES,
        "return column.to_numpy(), np.zeros",
        "return kafka_timestamp_ms, np.zeros",
        lateness,
    ),
    WrongVariant(
        "stream time forgets the batch before",
        PREPARE,
        "return running if carried_ms is None else np.maximum(running, carried_ms)",
        "return running",
        lateness,
    ),
    WrongVariant(
        "stream time of all partitions",
        PREPARE,
        _CARRY,
        _CARRY.replace(
            "state.stream_time_ms",
            "max([item.stream_time_ms or 0 for item in positions.partitions.values()] or [0])",
        ),
        lateness,
    ),
    WrongVariant(
        "stream time of the last row, not the latest",
        PREPARE,
        "running = np.maximum.accumulate(event_time_ms)",
        "running = event_time_ms",
        lateness,
    ),
    WrongVariant(
        "dead letters move stream time",
        PREPARE,
        _LAST,
        f"max([*(int(at) for at in stream_times[own]), {_DEAD_TIMES}, state.stream_time_ms or 0])",
        lateness,
    ),
    WrongVariant(
        "idle entries count for nothing",
        INGEST,
        "max(stream_time_ms or 0, state.stream_time_ms or 0)",
        "state.stream_time_ms",
        lateness,
    ),
    WrongVariant(
        "idle entries lower stream time",
        INGEST,
        "max(stream_time_ms or 0, state.stream_time_ms or 0)",
        "stream_time_ms",
        lateness,
    ),
)
