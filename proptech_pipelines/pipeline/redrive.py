"""Redrive: dead letters decoded again; those that succeed become rows at their original coordinates.

A redrive is a transaction of the ingest's side and moves its head. It plans outside and commits in short; if another
redrive came between, or the head moved, it plans again. A letter gives at most one row, and the log is never edited.
"""

import logging
import time
from collections import ChainMap
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

from proptech_pipelines.contracts.origin_headers import origin_of
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.contracts.wire import SchemaKey
from proptech_pipelines.errors import LedgerConflict, RowsRefused, SettingsError
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.control import ControlEntry, resolved_schemas
from proptech_pipelines.lake.generations import live_graph, stored_readers
from proptech_pipelines.lake.lease import INGEST_LEASE, Leases
from proptech_pipelines.lake.letters import Choice, Copy, Key, Letter, Named, read_letters, unused_copies
from proptech_pipelines.lake.log_writer import (
    INGEST,
    insert_staged,
    refused_rows,
    write_control,
    write_ranges,
)
from proptech_pipelines.lake.positions import Positions, read_positions
from proptech_pipelines.lake.stream_times import passed_stream_time_ms
from proptech_pipelines.lake.transactions import move_head, snapshot, transaction
from proptech_pipelines.pipeline.prepare import Range, range_table
from proptech_pipelines.pipeline.redrive_plan import (
    DEFAULT_ATTEMPTS,
    Outcome,
    Plan,
    Trial,
    attempt_table,
    batches_of,
    plan_redrive,
)
from proptech_pipelines.pipeline.typed_rows import Refused

log = logging.getLogger(__name__)
LookUp = Callable[[SchemaKey], str | None]
"""Text of a schema by id or GUID, None if the registry does not know it; raises RegistryUnavailable."""
BATCH_LETTERS = 2_000
"""Most letters of one transaction; a kill between two leaves whole ones."""
_ATTEMPTS = 30
_INPUT_TOPICS = {topic.name for topic in INPUT_TOPICS}


@dataclass
class Redriven:
    """What came of a redrive, or what would come of it: one outcome for each letter, in the order of letters."""

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    commits: int = 0

    def count(self, outcome: str) -> int:
        """How many letters ended so: staged, failed or parked."""
        return sum(item.outcome == outcome for item in self.outcomes)


@dataclass(frozen=True)
class _Planned:
    """A plan and what it rests on: the last ingest transaction, and schemas that the log did not know."""

    plan: Plan
    commit_number: int
    resolved: list[ControlEntry]


class Redriver:
    """Redrives letters of one lake. `look_up` is asked only for schemas that the log has not resolved.

    With `leases` it waits for the ingest's turn to end before it writes; whoever holds that turn passes none.
    """

    def __init__(
        self,
        con: Connection,
        look_up: LookUp,
        limits: Limits,
        max_attempts: int = DEFAULT_ATTEMPTS,
        leases: Leases | None = None,
    ) -> None:
        self._con = con
        self._look_up = look_up
        self._limits = limits
        self._max_attempts = max_attempts
        self._leases = leases

    def redrive(
        self,
        choice: Choice,
        *,
        max_letters: int | None = None,
        value: bytes | None = None,
        dry_run: bool = False,
    ) -> Redriven:
        """Redrive the letters of `choice`, at most `max_letters`, in transactions of `BATCH_LETTERS`.

        `value`, in the wire format, is read instead of the stored bytes of the one letter that is named. A dry run
        writes nothing. Raises SettingsError where a named letter is not open, RegistryUnavailable if a schema must
        be asked for and the registry is silent, LedgerConflict if other writers leave no room for long.
        """
        done = Redriven()
        after: Key | None = None
        while max_letters is None or len(done.outcomes) < max_letters:
            limit = (
                BATCH_LETTERS if max_letters is None else min(BATCH_LETTERS, max_letters - len(done.outcomes))
            )

            outcomes = self._step(partial(self._chosen, choice, after, limit, value), dry_run=dry_run)
            if not outcomes:
                break
            done.outcomes += outcomes
            done.commits += not dry_run
            after = outcomes[-1].trial.letter.place
        return done

    def _chosen(self, choice: Choice, after: Key | None, limit: int, value: bytes | None) -> list[Trial]:
        letters = read_letters(self._con, choice, after, limit)
        if after is None:
            _require_named(choice, letters)
        return [Trial(letter, value) for letter in letters]

    def redrive_copies(self, low: int = 0) -> Redriven:
        """Redrive the open letters of which copies came with ingest transactions beyond `low`, with their values."""
        done = Redriven()
        copies = _by_origin(unused_copies(self._con, low))
        names = list(copies)
        for start in range(0, len(names), BATCH_LETTERS):
            choice = Choice(named=tuple(names[start : start + BATCH_LETTERS]))
            # Each copy of an origin is tried in turn, until one of them is good.
            while outcomes := self._step(partial(self._copy_trials, choice, copies), dry_run=False):
                done.outcomes += outcomes
                done.commits += 1
                for item in outcomes:
                    copies[_name_of(item.trial.letter)].pop(0)
        return done

    def repeat(self, read: Callable[[], list[Trial]]) -> None:
        """Redrive what `read` gives as one transaction, as a log that is imported had it."""
        self._step(read, dry_run=False)

    def _copy_trials(self, choice: Choice, copies: dict[Named, list[Copy]]) -> list[Trial]:
        letters = read_letters(self._con, choice, None, BATCH_LETTERS)
        return [Trial(letter, waiting[0]) for letter in letters if (waiting := copies[_name_of(letter)])]

    def _step(self, read: Callable[[], list[Trial]], *, dry_run: bool) -> list[Outcome]:
        """Redrive what `read` gives as one transaction; planned again whenever another writer was quicker."""
        for attempt in range(_ATTEMPTS):
            planned = self._plan(read)
            if dry_run or not planned.plan.outcomes:
                return planned.plan.outcomes
            try:
                with self._leases.hold(INGEST_LEASE) if self._leases else nullcontext():
                    self._write(planned)
            except (LedgerConflict, RowsRefused) as error:  # the latter where staging was swapped in between
                log.info("the redrive plans again: %s", error)
                time.sleep(0.01 * attempt)
            else:
                return planned.plan.outcomes
        raise LedgerConflict(
            f"The ingest moved on at each of {_ATTEMPTS} attempts to redrive.",
            "run it again when the stream is quieter; what was redriven stands.",
        )

    def _plan(self, read: Callable[[], list[Trial]]) -> _Planned:
        with snapshot(self._con):
            commit_number = scalar(self._con, "select b from head_ingest")
            trials = read()
            schemas: dict[SchemaKey, str | None] = {**resolved_schemas(self._con)}
        batches = batches_of(trials)
        resolved: list[ControlEntry] = []
        for batch, _ in batches:
            for key in sorted(batch.frames.schema_keys - set(schemas), key=str):
                schemas[key] = text = self._look_up(key)
                if text is not None:
                    where = (batch.topic.name, batch.topic_id)
                    resolved.append(
                        ControlEntry("schema_resolved", *where, schema_key=str(key), schema_text=text)
                    )
        readers = stored_readers(self._con)
        staging = {model.topic: model for model in live_graph(self._con).staging}

        def plan(refused: Refused) -> Plan:
            return plan_redrive(batches, schemas, self._limits, self._max_attempts, readers, refused)

        planned = plan({})
        found = [refused_rows(staging[item.topic], item) for item in planned.staged]
        if any(found):
            planned = plan(ChainMap(*found))
        return _Planned(planned, commit_number, resolved)

    def _write(self, planned: _Planned) -> None:
        plan = planned.plan
        with transaction(self._con):
            positions = read_positions(self._con)
            _require_same_letters(self._con, planned.commit_number)
            number = move_head(self._con, INGEST, positions.commit_number)
            staging = {model.topic: model for model in live_graph(self._con).staging}
            for item in plan.staged:
                insert_staged(self._con, staging[item.topic], item, number)
            write_ranges(self._con, number, range_table(_ranges(positions, plan)), _cluster_id(self._con))
            entries = _entries(self._con, positions, plan)
            control_number = write_control(self._con, number, positions, [*planned.resolved, *entries])
            first = control_number - len(entries)
            numbers = {
                (entry.topic_id or "", entry.partition or 0): first + place
                for place, entry in enumerate(entries)
            }
            self._con.register("attempt_rows", attempt_table(plan.outcomes, numbers))
            self._con.execute(
                f"insert into dead_letter_attempts by name select {number} as commit_number, *, "
                "now() at time zone 'UTC' as attempted_at from attempt_rows"
            )
            self._con.execute(
                "insert into ledger values (?, ?, null, ?, 0, ?, ?, false, now() at time zone 'UTC')",
                [INGEST, number, control_number, plan.staged_rows, -plan.staged_rows],
            )


def _require_named(choice: Choice, letters: Sequence[Letter]) -> None:
    found = {_name_of(letter) for letter in letters}
    missing = [str(item) for item in choice.named if item not in found]
    if missing:
        raise SettingsError(
            f"No open dead letter at {', '.join(missing)}.",
            "see `proptech dead-letters list` for those there are.",
        )


def _require_same_letters(con: Connection, commit_number: int) -> None:
    """Micro-batches change no letter that is there; another redrive may have."""
    if scalar(con, "select count(*) from dead_letter_attempts where commit_number > ?", [commit_number]):
        raise LedgerConflict("Another redrive came between.", "plan again.")


def _name_of(letter: Letter) -> Named:
    return Named(letter.topic, letter.partition, letter.offset)


def _by_origin(copies: Sequence[Copy]) -> dict[Named, list[Copy]]:
    found: dict[Named, list[Copy]] = {}
    for copy in copies:
        origin = origin_of(copy.headers)
        if origin is not None and origin.topic in _INPUT_TOPICS:
            found.setdefault(Named(origin.topic, origin.partition, origin.offset), []).append(copy)
    return found


def _entries(con: Connection, positions: Positions, plan: Plan) -> list[ControlEntry]:
    """One entry for each partition whose letters are redriven, at the first of them.

    It says what the topic's partitions have passed by now: moments that are decided stay so.
    """
    first: dict[tuple[str, int], Letter] = {}
    for item in plan.outcomes:
        letter = item.trial.letter
        first.setdefault((letter.topic_id, letter.partition), letter)
    passed = {
        name: passed_stream_time_ms(con, [name], positions.commit_number)
        for name in {letter.topic for letter in first.values()}
    }
    return [
        ControlEntry(
            "redrive", letter.topic, letter.topic_id, letter.partition, letter.offset, passed[letter.topic]
        )
        for letter in first.values()
    ]


def _ranges(positions: Positions, plan: Plan) -> list[Range]:
    """An empty range for each partition that gets rows: families see by it that there is something for them."""
    counts: dict[tuple[str, int], int] = {}
    for item in plan.outcomes:
        if item.outcome == "staged":
            where = (item.trial.letter.topic_id, item.trial.letter.partition)
            counts[where] = counts.get(where, 0) + 1
    return [
        Range(state, state.next_offset, staged=count, dead=-count)
        for where, count in counts.items()
        for state in [positions.partitions[where]]
    ]


def _cluster_id(con: Connection) -> str:
    row = con.execute("select max(cluster_id) from log_ranges").fetchone()
    return str(row[0]) if row and row[0] is not None else ""
