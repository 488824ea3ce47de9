"""Brings the fetched ranges of one topic together, in order, as columns. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from proptech_pipelines.contracts.storable import storable
from proptech_pipelines.contracts.topics import Topic, topic
from proptech_pipelines.contracts.wire import Frames, frame
from proptech_pipelines.kafka.records import Fetched, Headers

_MAX_DATE_MS = 253_402_300_799_999
_MS_PER_DAY = 86_400_000
_HEADERS = pa.list_(pa.struct([("name", pa.string()), ("value", pa.binary())]))
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TopicBatch:
    """The records of one topic in a micro-batch, by partition and offset."""

    topic: Topic
    topic_id: str
    parts: tuple[Fetched, ...]
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers | None]
    timestamps_ms: Int64
    frames: Frames

    @cached_property
    def starts(self) -> Int64:
        """Index of the first record of each part, and behind the last one the number of records."""
        return np.cumsum([0, *(len(part) for part in self.parts)])

    @cached_property
    def log(self) -> pa.Table:
        """The records as they came: columns of event_log that differ from record to record."""
        count = len(self.values)
        ids, guids = self._schema_columns()
        days = np.clip(self.timestamps_ms, 0, _MAX_DATE_MS) // _MS_PER_DAY
        partitions = np.array([part.partition for part in self.parts], dtype=np.int32)
        return pa.table(
            {
                "kafka_partition": np.repeat(partitions, np.diff(self.starts)),
                "kafka_offset": _joined(part.offsets for part in self.parts),
                "kafka_timestamp_ms": self.timestamps_ms,
                "timestamp_type": _joined(part.timestamp_types for part in self.parts).astype(np.int8),
                "key": pa.array(self.keys, pa.binary()),
                "value": pa.array(self.values, pa.binary()),
                "headers": _header_column(self.headers) if any(self.headers) else pa.nulls(count, _HEADERS),
                "schema_id": ids,
                "schema_guid": guids,
                "kafka_date": pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32()),
            }
        )

    def _schema_columns(self) -> tuple[pa.Array, pa.Array]:
        count = len(self.values)
        ids = np.full(count, -1, dtype=np.int64)
        guids: list[str | None] = []
        for key, indices in self.frames.groups.items():
            if isinstance(key, int):
                ids[indices] = key
            else:
                guids = guids or [None for _ in range(count)]
                for index in indices.tolist():
                    guids[index] = key
        guid_column = pa.array(guids, pa.string()) if guids else pa.nulls(count, pa.string())
        return pa.array(ids, pa.int64(), mask=ids < 0), guid_column


def gather(fetched: Sequence[Fetched]) -> list[TopicBatch]:
    """Group `fetched` by topic, partitions in order; at most one range of a partition is expected."""
    by_topic: dict[str, list[Fetched]] = {}
    for part in fetched:
        by_topic.setdefault(part.topic, []).append(part)
    return [_topic_batch(topic(name), parts) for name, parts in sorted(by_topic.items())]


def _topic_batch(source: Topic, fetched: list[Fetched]) -> TopicBatch:
    parts = tuple(sorted(fetched, key=lambda part: part.partition))
    values = list(chain.from_iterable(part.values for part in parts))
    headers = list(chain.from_iterable(part.headers for part in parts))
    return TopicBatch(
        topic=source,
        topic_id=parts[0].topic_id,
        parts=parts,
        keys=list(chain.from_iterable(part.keys for part in parts)),
        values=values,
        headers=headers,
        timestamps_ms=_joined(part.timestamps_ms for part in parts),
        frames=frame(values, headers),
    )


def _joined(lists: Iterable[list[int]]) -> Int64:
    return np.concatenate([np.array(numbers, dtype=np.int64) for numbers in lists])


_kept_name = lru_cache(maxsize=1_024)(storable)
"""Few names stand in many records."""


def header_lists(column: pa.Array | pa.ChunkedArray) -> list[Headers | None]:
    """The headers of each record from a column of event_log, None for none."""
    if column.null_count == len(column):
        return [None] * len(column)
    return [[(item["name"], item["value"]) for item in row] if row else None for row in column.to_pylist()]


def _header_column(headers: list[Headers | None]) -> pa.Array:
    return pa.array(
        [
            [{"name": _kept_name(name), "value": value} for name, value in header] if header else None
            for header in headers
        ],
        _HEADERS,
    )
