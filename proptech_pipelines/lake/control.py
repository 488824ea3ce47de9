"""Entries of the control log: what outside Kafka changes rows."""

from dataclasses import dataclass
from typing import Literal

from proptech_pipelines.contracts.wire import SchemaKey, schema_key_of
from proptech_pipelines.lake.connection import Connection


@dataclass(frozen=True)
class ControlEntry:
    """One entry; its number is allotted when it is committed. Unused fields are None."""

    kind: Literal["partition_idle", "schema_resolved", "gap_accepted", "redrive", "readmit", "swap"]
    topic: str
    topic_id: str | None = None
    partition: int | None = None
    at_offset: int | None = None
    stream_time_ms: int | None = None
    schema_key: str | None = None
    schema_text: str | None = None
    detail: str | None = None


def resolved_schemas(con: Connection) -> dict[SchemaKey, str]:
    """The schemas that records of the log were read with, by id or GUID."""
    rows = con.execute("select schema_key, schema_text from schema_versions").fetchall()
    return {schema_key_of(key): text for key, text in rows}
