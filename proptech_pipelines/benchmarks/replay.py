"""`proptech bench replay`: every table derived again from typed rows, and typed rows from raw bytes."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from proptech_pipelines.benchmarks.figures import measured
from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.topics import topic
from proptech_pipelines.contracts.wire import frame
from proptech_pipelines.engines.session import Session
from proptech_pipelines.lake.connection import Connection, connect, scalar
from proptech_pipelines.lake.control import resolved_schemas
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.transactions import snapshot
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import COORDINATES, Model
from proptech_pipelines.pipeline.advance import family_position
from proptech_pipelines.pipeline.compare import compare_days, rows_by_log
from proptech_pipelines.pipeline.gather import TopicBatch, header_lists
from proptech_pipelines.pipeline.typed_rows import typed_rows
from proptech_pipelines.settings import Settings

_BATCH = 200_000
_COORDINATES = ", ".join(COORDINATES)
_OUTSIDE = (
    DeadLetterReason.COPY_OF_RECORD,
    DeadLetterReason.UNKNOWN_SCHEMA_ID,
    DeadLetterReason.SCHEMA_NOT_AVRO,
    DeadLetterReason.TYPE_DOES_NOT_RESOLVE,
    DeadLetterReason.REFUSED_BY_STAGING,
    DeadLetterReason.STRING_TOO_LONG,
    DeadLetterReason.EVENT_TIME_OUT_OF_BOUNDS,
    DeadLetterReason.UNKNOWN_ZIP_CODE,
    DeadLetterReason.UNKNOWN_STATE_CODE,
)
"""Reasons that lie in schemas, settings and lists, not in what a record holds alone: it may be a row by now."""
_LISTED = ", ".join(f"'{reason}'" for reason in _OUTSIDE)
_LETTERS = (
    f"select {_COORDINATES}, bool_or(reason not in ({_LISTED})) as is_dead "
    f"from dead_letter_records where topic = ? group by {_COORDINATES}"
)


@dataclass(frozen=True)
class Replayed:
    """One replay: events read, seconds it took, and whether the result is what is stored."""

    events: int
    seconds: float
    equal: bool

    def as_json(self) -> dict[str, object]:
        """The figures by name."""
        rate = round(self.events / max(self.seconds, 1e-9))
        return {
            "events": self.events,
            "seconds": round(self.seconds, 2),
            "events_per_second": rate,
            "equal": self.equal,
        }


def replay_typed(settings: Settings) -> dict[str, Replayed]:
    """Derive the stored tables of each family from its typed rows, and time that; then compare with what is stored."""
    con = connect(settings, read_only=True)
    try:
        graph = live_graph(con)
        found: dict[str, Replayed] = {}
        for family in graph.families:
            events = sum(
                scalar(con, f"select count(*) from {model.name}") for model in graph.staging_of(family)
            )
            begun = time.perf_counter()
            _derive(con, graph, family)
            seconds = time.perf_counter() - begun
            derived = compare_days(con, graph, family, None)
            found[family] = Replayed(events, seconds, not any(item.differs for item in derived))
        return found
    finally:
        con.close()


def _derive(con: Connection, graph: Graph, family: str) -> None:
    """Put the rows of every stored table of `family` by the log into a temporary table `derived_<table>`."""
    session, position = Session(con, graph, family), family_position(con, family)
    for model in graph.stored(family):
        rows = rows_by_log(session, model, position, None, lambda root: f"select * from derived_{root.name}")
        session.temporary(f"derived_{model.name}", rows)


def replay_raw(settings: Settings, tell: Callable[[str], None]) -> dict[str, Replayed]:
    """Make typed rows of the raw bytes of each topic again, and time that.

    They are equal if every record that never was a dead letter is a row, now as in staging, and none that was one for
    what it holds is a row now.
    """
    con = connect(settings, read_only=True)
    try:
        limits, found = Limits.of(settings), dict[str, Replayed]()
        for model in live_graph(con).staging:
            tell(f"decoding {model.topic}")
            with snapshot(con):
                replayed = _replay_topic(con, model, limits)
            if replayed.events:
                found[model.topic] = replayed
        return found
    finally:
        con.close()


def _replay_topic(con: Connection, model: Model, limits: Limits) -> Replayed:
    schemas = resolved_schemas(con)
    events, expected, rows, revived, begun = 0, 0, 0, 0, time.perf_counter()
    for batch, is_letter, is_dead in _batches(con, model.topic):
        known = {key: schemas.get(key) for key in batch.frames.schema_keys}
        typed = typed_rows(batch, known, limits, model.reader_schema, {})
        events += len(is_letter)
        expected += int(np.count_nonzero(~is_letter))
        rows += int(np.count_nonzero(~is_letter[typed.index]))
        revived += int(np.count_nonzero(is_dead[typed.index]))
    seconds = time.perf_counter() - begun
    staged = f"select count(*) from {model.name} anti join ({_LETTERS}) using ({_COORDINATES})"
    return Replayed(events, seconds, rows == expected == scalar(con, staged, [model.topic]) and not revived)


def replay_synthetic(events: int) -> dict[str, object]:
    """The figures of `benchmarks.synthetic` for `events`, rounded down to whole millions, one at least."""
    with tempfile.TemporaryDirectory(prefix="proptech-bench-") as folder:
        return measured("synthetic", folder, str(events))


def _batches(con: Connection, name: str) -> Iterator[tuple[TopicBatch, np.ndarray, np.ndarray]]:
    """The records of a topic in the log, whether each was a dead letter when it came, and whether for what it holds."""
    reader = con.execute(
        "select key, value, headers, kafka_timestamp_ms, l.is_dead is not null as is_letter, "
        "coalesce(l.is_dead, false) as is_dead from event_log as e "
        f"left join ({_LETTERS}) as l using ({_COORDINATES}) where e.topic = ?",
        [name, name],
    ).to_arrow_reader(_BATCH)
    for batch in reader:
        values, headers = batch.column("value").to_pylist(), header_lists(batch.column("headers"))
        records = TopicBatch(
            topic=topic(name),
            topic_id="",
            parts=(),
            keys=batch.column("key").to_pylist(),
            values=values,
            headers=headers,
            timestamps_ms=batch.column("kafka_timestamp_ms").to_numpy(),
            frames=frame(values, headers),
        )
        is_letter, is_dead = (
            batch.column(flag).to_numpy(zero_copy_only=False) for flag in ("is_letter", "is_dead")
        )
        yield records, is_letter, is_dead
