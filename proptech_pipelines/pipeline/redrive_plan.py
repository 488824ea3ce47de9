"""From chosen dead letters to what a redrive writes: each decoded again, its own bytes or repaired ones. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.dead_letter_reasons import stage_of
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.wire import SCHEMA_HEADER, SchemaKey
from proptech_pipelines.kafka.records import Fetched, Headers
from proptech_pipelines.lake.letters import Copy, Letter
from proptech_pipelines.lake.log_writer import TopicRows
from proptech_pipelines.pipeline.gather import TopicBatch, gather
from proptech_pipelines.pipeline.typed_rows import Refused, staged_table, typed_rows

DEFAULT_ATTEMPTS = 3
"""A letter that failed so often is parked."""


@dataclass(frozen=True)
class Trial:
    """A letter to decode again; `repair` is a value from a file, or a copy, to read instead of its own bytes."""

    letter: Letter
    repair: bytes | Copy | None = None

    @property
    def value(self) -> bytes | None:
        """The value to decode."""
        if isinstance(self.repair, Copy):
            return self.repair.value
        return self.letter.value if self.repair is None else self.repair

    @property
    def headers(self) -> Headers | None:
        """The headers that frame the value: a file's value bears its schema id in its prefix."""
        if isinstance(self.repair, Copy):
            return [item for item in self.repair.headers if item[0] == SCHEMA_HEADER]
        return self.letter.headers if self.repair is None else None


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: staged, or failed for `reason`, or parked, which is to have failed for the last time."""

    trial: Trial
    outcome: str
    stage: str | None = None
    reason: str | None = None
    message: str | None = None


@dataclass
class Plan:
    """What one redrive transaction writes besides its numbers."""

    staged: list[TopicRows] = field(default_factory=list[TopicRows])
    outcomes: list[Outcome] = field(default_factory=list[Outcome])

    @property
    def staged_rows(self) -> int:
        """Letters that become rows."""
        return sum(item.outcome == "staged" for item in self.outcomes)


def batches_of(trials: Sequence[Trial]) -> list[tuple[TopicBatch, list[Trial]]]:
    """The trials, in the order of letters, as one batch of records for each incarnation of a topic."""
    found: list[tuple[TopicBatch, list[Trial]]] = []
    for _, group in groupby(trials, key=lambda trial: (trial.letter.topic, trial.letter.topic_id)):
        members = list(group)
        parts: dict[int, Fetched] = {}
        for trial in members:
            letter = trial.letter
            where = (letter.topic, letter.topic_id, letter.partition, letter.offset, letter.offset)
            part = parts.setdefault(letter.partition, Fetched(*where))
            part.append(letter.offset, (0, letter.kafka_timestamp_ms), letter.key, trial.value, trial.headers)
        (batch,) = gather(list(parts.values()))
        found.append((batch, members))
    return found


def plan_redrive(
    batches: Sequence[tuple[TopicBatch, list[Trial]]],
    schemas: Mapping[SchemaKey, str | None],
    limits: Limits,
    max_attempts: int,
    readers: Mapping[str, str],
    refused: Refused,
) -> Plan:
    """Decode `batches` and lay out what follows.

    A row's stream time is that of its partition just before it, or its own event time where that is later; rows
    behind it keep theirs, for a redrive moves no stream time.
    """
    plan = Plan()
    for batch, trials in batches:
        rows = typed_rows(batch, schemas, limits, readers.get(batch.topic.name, ""), refused)
        if len(rows.index):
            carried = np.array([trials[index].letter.stream_time_ms or 0 for index in rows.index.tolist()])
            table = staged_table(batch, rows, np.maximum(rows.event_time_ms, carried))
            first = trials[0].letter
            plan.staged.append(TopicRows(first.topic, first.topic_id, first.topic_epoch, table))
        found = {index: Outcome(trials[index], "staged") for index in rows.index.tolist()}
        for bad in rows.bad:
            trial = trials[bad.index]
            outcome = "parked" if trial.letter.attempts + 1 >= max_attempts else "failed"
            found[bad.index] = Outcome(trial, outcome, stage_of(bad.reason), str(bad.reason), bad.message)
        plan.outcomes += [found[index] for index in range(len(trials))]
    return plan


def attempt_table(outcomes: Sequence[Outcome], control_numbers: Mapping[tuple[str, int], int]) -> pa.Table:
    """The rows of dead_letter_attempts; `control_numbers` are by topic id and partition."""
    return pa.Table.from_pylist(
        [
            {
                "control_number": control_numbers[item.trial.letter.topic_id, item.trial.letter.partition],
                "topic": item.trial.letter.topic,
                "topic_id": item.trial.letter.topic_id,
                "topic_epoch": item.trial.letter.topic_epoch,
                "kafka_partition": item.trial.letter.partition,
                "kafka_offset": item.trial.letter.offset,
                "attempt": item.trial.letter.attempts + 1,
                "outcome": item.outcome,
                "reason_before": item.trial.letter.reason,
                "stage": item.stage,
                "reason": item.reason,
                "message": item.message,
                **_source(item.trial.repair),
            }
            for item in outcomes
        ],
        _ATTEMPT_SCHEMA,
    )


def _source(repair: bytes | Copy | None) -> dict[str, object]:
    if repair is None:
        return {"value_source": "log"}
    if isinstance(repair, bytes):
        return {"value_source": "file", "value": repair}
    return {
        "value_source": "copy",
        "copy_topic_id": repair.topic_id,
        "copy_partition": repair.partition,
        "copy_offset": repair.offset,
    }


_ATTEMPT_SCHEMA = pa.schema(
    [
        ("control_number", pa.int64()),
        ("topic", pa.string()),
        ("topic_id", pa.string()),
        ("topic_epoch", pa.int32()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("attempt", pa.int32()),
        ("outcome", pa.string()),
        ("reason_before", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("value_source", pa.string()),
        ("value", pa.binary()),
        ("copy_topic_id", pa.string()),
        ("copy_partition", pa.int32()),
        ("copy_offset", pa.int64()),
    ]
)
