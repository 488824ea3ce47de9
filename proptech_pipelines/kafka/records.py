"""Records as the broker served them: one contiguous offset range of one partition, in columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Headers = Sequence[tuple[str, bytes | None]]


@dataclass
class Fetched:
    """The range [start_offset, end_offset) of one partition and the records that the broker served of it.

    Offsets ascend; those of the range that no record has are holes (transaction markers, compacted or
    aborted records). `timestamp_types`: 1 create time, 2 log append time.
    """

    topic: str
    topic_id: str
    partition: int
    start_offset: int
    end_offset: int
    offsets: list[int] = field(default_factory=list[int])
    timestamps_ms: list[int] = field(default_factory=list[int])
    timestamp_types: list[int] = field(default_factory=list[int])
    keys: list[bytes | None] = field(default_factory=list[bytes | None])
    values: list[bytes | None] = field(default_factory=list[bytes | None])
    headers: list[Headers | None] = field(default_factory=list[Headers | None])

    def __len__(self) -> int:
        return len(self.offsets)

    def append(
        self,
        offset: int,
        timestamp: tuple[int, int],
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None,
    ) -> None:
        """Take in the next record; `timestamp` is (type, ms)."""
        self.offsets.append(offset)
        self.timestamp_types.append(timestamp[0])
        self.timestamps_ms.append(timestamp[1])
        self.keys.append(key)
        self.values.append(value)
        self.headers.append(headers)
        self.end_offset = max(self.end_offset, offset + 1)

    def extend(self, following: "Fetched") -> None:
        """Take in the range that begins where this one ends."""
        self.offsets += following.offsets
        self.timestamp_types += following.timestamp_types
        self.timestamps_ms += following.timestamps_ms
        self.keys += following.keys
        self.values += following.values
        self.headers += following.headers
        self.end_offset = following.end_offset

    def holes(self) -> list[tuple[int, int]]:
        """The sub-ranges [start, end) without records."""
        found: list[tuple[int, int]] = []
        if len(self.offsets) == self.end_offset - self.start_offset:
            return found
        expected = self.start_offset
        for offset in (*self.offsets, self.end_offset):
            if offset > expected:
                found.append((expected, offset))
            expected = offset + 1
        return found
