"""An exported log on disk: a manifest, the ingest's transactions in order, and the records of each partition.

Everything is read in order and in pieces, so that memory does not grow with the log.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.positions import Partition, PartitionState, Positions
from proptech_pipelines.pipeline.checksum import checksum_of

FORMAT = 1
MANIFEST = "manifest.json"
_BATCH = 20_000
_RECORD = ["kafka_offset", "kafka_timestamp_ms", "timestamp_type", "key", "value", "headers"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Transaction:
    """What one transaction of the ingest put into the log besides records; rows as in the tables of those names."""

    number: int
    ranges: Sequence[Row]
    entries: Sequence[Row]
    attempts: Sequence[Row]
    readmissions: Sequence[Row]


@dataclass
class _Cursor:
    """Rows of a file in order, taken off transaction by transaction."""

    rows: Iterator[Row]
    ahead: Row | None = field(init=False)

    def __post_init__(self) -> None:
        self.ahead = next(self.rows, None)

    def take(self, number: int) -> list[Row]:
        """The rows of transaction `number`."""
        found: list[Row] = []
        while self.ahead is not None and self.ahead["commit_number"] == number:
            found.append(self.ahead)
            self.ahead = next(self.rows, None)
        return found


class ExportedLog:
    """An export in `folder`. Raises SettingsError if it is none, not whole, or of a newer version."""

    def __init__(self, folder: Path) -> None:
        try:
            self.manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"{folder} holds no exported log: {error}.",
                "name a folder that `proptech log export` has finished.",
            ) from error
        if self.manifest["format"] > FORMAT:
            raise SettingsError(f"{folder} was written by a newer version.", "upgrade proptech_pipelines.")
        self._folder = folder

    @property
    def start(self) -> Positions:
        """The cut at which it begins."""
        return positions_from(self.manifest["start"])

    @property
    def cut(self) -> Positions:
        """The cut at which it ends."""
        return positions_from(self.manifest["cut"])

    def check_files(self) -> None:
        """Compare each file with its checksum. Raises SettingsError for the first that differs."""
        for item in self.manifest["files"]:
            path = self._folder / item["path"]
            if not path.exists() or sha256(path) != item["sha256"]:
                raise SettingsError(
                    f"{path} is missing or was changed.", "copy the export again, or export again."
                )

    def transactions(self) -> Iterator[Transaction]:
        """The transactions of the log, in order."""
        names = ("log_ranges", "control_log", "dead_letter_attempts", "readmissions")
        cursors = [_Cursor(self._rows(name)) for name in names]
        for row in self._rows("ledger"):
            number = row["commit_number"]
            yield Transaction(number, *(cursor.take(number) for cursor in cursors))

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of one of its tables, in the order of transactions."""
        return self._rows(name)

    def records(self) -> "Records":
        """A reader of its records, from the beginning."""
        segments: dict[Partition, list[tuple[int, Path]]] = {}
        for item in self.manifest["files"]:
            if "topic_id" in item:
                where = (item["topic_id"], item["kafka_partition"])
                segments.setdefault(where, []).append((item["end_offset"], self._folder / item["path"]))
        return Records(segments)

    def _rows(self, name: str) -> Iterator[Row]:
        with pq.ParquetFile(self._folder / f"{name}.parquet") as file:
            for batch in file.iter_batches(_BATCH):
                yield from batch.to_pylist()


class Records:
    """Reads the records of every partition in the order of offsets; `segments` are (end offset, file)."""

    def __init__(self, segments: Mapping[Partition, Sequence[tuple[int, Path]]]) -> None:
        self._segments = segments
        self._batches: dict[Partition, Iterator[pa.RecordBatch]] = {}

    def read(self, item: Row) -> Fetched:
        """The records of a row of log_ranges, which follows those read before. Raises SettingsError if they differ."""
        where = (item["topic_id"], item["kafka_partition"])
        start, end = item["start_offset"], item["end_offset"]
        found = Fetched(item["topic"], *where, start, end)
        for batch in self._take(where, start, end) if item["records"] else ():
            columns = [batch.column(name).to_pylist() for name in _RECORD]
            found.offsets += columns[0]
            found.timestamps_ms += columns[1]
            found.timestamp_types += columns[2]
            found.keys += columns[3]
            found.values += columns[4]
            found.headers += [
                None if row is None else [(pair["name"], pair["value"]) for pair in row] for row in columns[5]
            ]
        if (
            len(found) != item["records"]
            or checksum_of(found.offsets, found.keys, found.values) != item["checksum"]
        ):
            raise SettingsError(
                f"The exported records of {item['topic']}[{where[1]}] in [{start}, {end}) are not those of the log.",
                "mend the log they came from (`proptech log verify`), then export again.",
            )
        return found

    def _take(self, where: Partition, start: int, end: int) -> Iterator[pa.RecordBatch]:
        """Batches of the records in [start, end); what lies below `start` is passed over."""
        batches = self._batches.get(where)
        if batches is None:
            files = [path for last, path in self._segments.get(where, ()) if last > start]
            batches = _batches(files)
        for batch in batches:
            offsets = batch.column("kafka_offset").to_numpy()
            low, high = np.searchsorted(offsets, [start, end]).tolist()
            if high > low:
                yield batch.slice(low, high - low)
            if high < len(offsets):
                batches = chain([batch.slice(high)], batches)
                break
        self._batches[where] = batches


def _batches(files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    for path in files:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(_BATCH, columns=_RECORD)


def sha256(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def positions_as(positions: Positions) -> dict[str, Any]:
    """A cut as JSON; `positions_from` reads it."""
    return {
        "commit_number": positions.commit_number,
        "control_number": positions.control_number,
        "partitions": [
            {
                "topic": state.topic,
                "topic_id": state.topic_id,
                "topic_epoch": state.topic_epoch,
                "partition": state.partition,
                "next_offset": state.next_offset,
                "stream_time_ms": state.stream_time_ms,
            }
            for state in sorted(
                positions.partitions.values(),
                key=lambda state: (state.topic, state.topic_id, state.partition),
            )
        ],
    }


def positions_from(stored: Mapping[str, Any]) -> Positions:
    """The cut that `positions_as` wrote."""
    states = [PartitionState(**item) for item in stored["partitions"]]
    return Positions(
        stored["commit_number"],
        stored["control_number"],
        {(state.topic_id, state.partition): state for state in states},
    )
