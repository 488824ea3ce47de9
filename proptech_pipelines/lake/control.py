"""Entries of the control log: what outside Kafka changes rows."""

from dataclasses import dataclass
from typing import Literal


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
