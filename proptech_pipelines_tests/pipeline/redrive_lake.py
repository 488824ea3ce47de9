"""A lake with dead letters for the tests of redrives: price changes under schemas that become known later."""

from collections.abc import Sequence

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.kafka.records import Fetched, Headers
from proptech_pipelines.pipeline.redrive import Redriver
from proptech_pipelines.testing import SCHEMAS, PipelineDriver, Record, encode, topic_id

CHANGES = "property-price-changes"
HOUR_MS = 3_600_000
NOON_MS = 1_714_564_800_000
"""2024-05-01 12:00 UTC."""
UNKNOWN, KNOWN = 900, 4
"""Schema ids: one that the registry does not know at first, and the one of price changes."""
LIMITS = Limits(max_ahead_ms=24 * HOUR_MS, max_string_bytes=32_768)


def change(offset: int, minute: int, *, new: int = 105, partition: int = 0, is_known: bool = True) -> Record:
    """A price change from 100 to `new` so many minutes past noon, sent as it happened."""
    at_ms = NOON_MS + minute * 60_000
    value = {
        "propertyId": "home-1",
        "zipCode": "78701",
        "stateCode": "TX",
        "oldPrice": 100,
        "newPrice": new,
        "changedAt": at_ms,
    }
    record = Record(CHANGES, partition, offset, at_ms, value)
    if is_known:
        return record
    return Record(CHANGES, partition, offset, at_ms, under(UNKNOWN, encode(record)))


def under(schema_id: int, value: bytes | None) -> bytes:
    """The same datum under another schema id."""
    return b"\0" + schema_id.to_bytes(4, "big") + (value or b"")[5:]


def redriver(driver: PipelineDriver, look_up=None, max_attempts: int = 3) -> Redriver:
    """A redriver to whose registry all schemas are known by now."""
    known = look_up or {**SCHEMAS, UNKNOWN: SCHEMAS[KNOWN]}.get
    return Redriver(driver.con, known, LIMITS, max_attempts)


def take_with_headers(driver: PipelineDriver, records: Sequence[tuple[Record, Headers]]) -> int:
    """Take records of one partition in with their headers; the number of the transaction before."""
    first = records[0][0]
    part = Fetched(first.topic, topic_id(first.topic), first.partition, first.offset, first.offset)
    for record, headers in records:
        part.append(record.offset, (1, record.kafka_timestamp_ms), record.key, encode(record), headers)
    low = driver.ingest.positions.commit_number
    driver.ingest.take([part])
    return low


def staged(driver: PipelineDriver) -> dict[tuple[int, int], int]:
    """Stream time, in minutes past noon, of the staged price changes by partition and offset."""
    rows = driver.con.execute(
        "select kafka_partition, kafka_offset, stream_time_ms from stg_property_price_changes order by all"
    ).fetchall()
    return {(row[0], row[1]): (row[2] - NOON_MS) // 60_000 for row in rows}


def open_letters(driver: PipelineDriver) -> list[tuple[int, str, int, bool]]:
    """Offset, reason, attempts and whether it is parked, of the open letters."""
    return driver.con.execute(
        "select kafka_offset, reason, attempts, is_parked from dead_letters order by all"
    ).fetchall()


def everything(driver: PipelineDriver) -> dict[str, list]:
    """All rows of the tables that a redrive writes."""
    names = ("ledger", "control_log", "log_ranges", "dead_letters", "dead_letter_attempts", "event_log")
    names += ("stg_property_price_changes",)
    return {name: driver.con.execute(f"from {name} order by all").fetchall() for name in names}
