"""Executes models on the lake with DuckDB: computes what a slice of the log adds to each table of a family."""

from dataclasses import dataclass
from datetime import date

import duckdb

from proptech_pipelines.engines.drivers import recompute_drivers, touch_drivers
from proptech_pipelines.engines.groups import recompute_groups, touch_groups
from proptech_pipelines.engines.memory import Memory
from proptech_pipelines.engines.readmitted import add_readmitted, readmissions_in, readmitted_rows
from proptech_pipelines.engines.session import Session
from proptech_pipelines.engines.settled import settle
from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.connection import scalar
from proptech_pipelines.models import slices
from proptech_pipelines.models.conserved import told_apart
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import SIGN_COLUMN, Model


@dataclass(frozen=True)
class Counts:
    """What a family did with a slice: rows read, assignments applied, assignments that came too late, rows written.

    One that was late and is re-admitted is applied, too.
    """

    rows_in: int = 0
    applied: int = 0
    late: int = 0
    written: int = 0


class DuckDBEngine:
    """Advances the tables of one graph on one connection: computes a step, then appends it in a transaction.

    Results of a step stand in temporary tables `delta_<model>` until the next one.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, graph: Graph, memory: Memory | None = None) -> None:
        self._con = con
        self._graph = graph
        self._memory = memory or Memory()
        self._session = Session(con, graph)
        self._revised: list[str] = []
        self._rows: dict[str, int] = {}

    def compute(self, family: str, part: slices.Slice, commit_number: int) -> Counts:
        """Work out what the staging rows of `part` add to every stored table of `family`; the lake stays as it is.

        Call it in a snapshot. `commit_number` is that of the transaction in which `append` is called. Raises
        ModelError if a table and its late rows do not account for every row of its input.
        """
        session = self._session = Session(self._con, self._graph, family, self._memory)
        self._revised = []
        self._rows = {}
        rows_in = session.take(family, part)
        folds, stored = told_apart(self._graph, family), self._graph.stored(family)
        for model in [*folds.values(), *(item for item in stored if item not in folds.values())]:
            if model.name in folds and self._counts_all(folds[model.name], part):
                columns = ", ".join(model.column_names)
                session.temporary(
                    f"delta_{model.name}", f"select {columns} from lake.{model.table} where false"
                )
            else:
                self._compute_delta(model, part)
            self._revised += add_readmitted(session, model, part, commit_number)
            session.pending[model.name] = session.count(f"delta_{model.name}")
        return self._conserved(family, rows_in, part)

    def append(self, family: str, commit_number: int) -> None:
        """Append what was computed to the stored tables of `family`, inside the caller's transaction."""
        for model in self._graph.stored(family):
            self._append_delta(model, commit_number)
        for name in self._revised:
            self._con.execute(f"insert into lake.revision_records from {name}")

    def touched_days(self, family: str) -> tuple[date, ...]:
        """Days of the rows in the deltas of `family`, ascending."""
        parts = [
            f"select cast({model.day_of} as date) as day from delta_{model.name}"
            for model in self._graph.stored(family)
        ]
        rows = self._con.execute(
            f"select distinct day from ({' union all '.join(parts)}) order by day"
        ).fetchall()
        return tuple(row[0] for row in rows)

    def _compute_delta(self, model: Model, part: slices.Slice) -> None:
        """Put what `part` adds to `model` into the temporary table `delta_<model>`."""
        session, new_rows = self._session, f"delta_{model.name}"
        if model.kind == "settled":
            settle(session, model, part)
        elif model.driver:
            new_rows = recompute_drivers(session, model, part.high, touch_drivers(session, model, part))
        elif model.kind == "recompute":
            touch_groups(session, model, part)
            new_rows = recompute_groups(session, model, part.high)
        else:
            rows = slices.wrapped(self._graph, model, session.delta)
            session.temporary(new_rows, rows)
        self._require_identity(model, new_rows)

    def replace(self, model: Model, keys: str, rows: str, condition: str, commit_number: int) -> None:
        """Make the stored rows of a recomputed model for the units in table `keys` what table `rows` has.

        Rows for which `condition` does not hold stay as they are. What stands there too often or too seldom, by
        whatever mishap, is there once afterwards.
        """
        self._require_identity(model, rows)
        columns = ", ".join(model.column_names)
        stored = (
            f"select -{SIGN_COLUMN} as {SIGN_COLUMN}, {columns} from (select * from lake.{model.table} "
            f"where {condition}) as s semi join {keys} as k on {slices.same('s', 'k', model.unit)}"
        )
        self._session.temporary(
            f"delta_{model.name}",
            f"select cast(sum({SIGN_COLUMN}) as integer) as {SIGN_COLUMN}, {columns} from "
            f"({stored} union all select distinct 1 as {SIGN_COLUMN}, {columns} from {rows}) "
            f"group by {columns} having sum({SIGN_COLUMN}) <> 0",
        )
        self._session.pending[model.name] = self._session.count(f"delta_{model.name}")
        self._append_delta(model, commit_number)

    def _append_delta(self, model: Model, commit_number: int) -> None:
        """Append `delta_<model>` to the stored table; nothing is written for no rows."""
        if self._session.pending.pop(model.name):
            columns = ", ".join(model.stored_columns)
            self._con.execute(
                f"insert into lake.{model.table} select {commit_number}, {columns} from delta_{model.name}"
            )

    def _require_identity(self, model: Model, new_rows: str) -> None:
        """No parser sees that a model doubles rows (by an unnest, say): two of one identity are refused here."""
        if not model.identity:
            return
        names = ", ".join(model.identity)
        doubled = self._con.execute(
            f"select {names} from {new_rows} group by {names} having count(*) > 1 limit 1"
        ).fetchone()
        if doubled is not None:
            raise ModelError(
                f"{model.name} gives two rows of the identity ({names}) = {doubled}.",
                "correct the model's identity or SQL.",
            )

    def _counts_all(self, fold: Model, part: slices.Slice) -> bool:
        """Whether `fold`, computed, counted every row of its view: then none is late, and none is looked for."""
        return not readmissions_in(self._session, fold, part) and self._applied(fold) == self._rows_of(fold)

    def _applied(self, model: Model) -> int:
        assert model.conserves is not None
        count = model.conserves.count
        own = f"coalesce(sum({count}), 0)" if count else "count(*)"
        return scalar(self._con, f"select {own} from delta_{model.name}")

    def _rows_of(self, model: Model) -> int:
        """How many rows the step brings of the view that `model` accounts for."""
        assert model.conserves is not None
        name = model.conserves.rows
        if name not in self._rows:
            view = slices.wrapped(self._graph, self._graph[name], self._session.delta)
            self._rows[name] = self._session.count(f"({view})")
        return self._rows[name]

    def _conserved(self, family: str, rows_in: int, part: slices.Slice) -> Counts:
        conserving = [model for model in self._graph.stored(family) if model.conserves]
        written = sum(self._session.pending.values())
        if not conserving:
            return Counts(rows_in, rows_in, written=written)
        assigned = applied = late = 0
        for model in conserving:
            rule = model.conserves
            assert rule is not None
            assigned += self._rows_of(model)
            if readmissions_in(self._session, model, part):
                let_in = readmitted_rows(
                    self._session, model, self._graph[rule.rows], part.high, part.where()
                )
                assigned += self._session.count(f"({let_in})")
            applied += self._applied(model)
            late += self._session.count(f"delta_{rule.late}")
        if assigned != applied + late:
            raise ModelError(
                f"{family}: {assigned} assignments, but {applied} applied and {late} late.",
                f"mend the models of {family}: each row of the view is in one of the two tables.",
            )
        return Counts(rows_in, applied, late, written)
