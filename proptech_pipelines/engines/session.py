"""What every kind of model needs to be executed: a connection, the graph, and where the stored tables are."""

from dataclasses import dataclass, field

import duckdb

from proptech_pipelines.engines.memory import Memory
from proptech_pipelines.lake.connection import scalar
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import SIGN_COLUMN, Model

LARGE_SLICE_ROWS = 200_000
"""A slice of more rows is read from its files by each model, which leaves columns and rows there: to copy a million
rows first takes longer than to read them. A small one is copied: each look into the lake has a fixed price."""
_SELDOM_READ = ("kafka_timestamp_ms", "event_time_is_kafka", "kafka_date")
"""Columns of every staging table that only some models name; the engine does not."""


@dataclass(frozen=True)
class Session:
    """One connection inside the caller's snapshot or transaction.

    Results of a step stand in temporary tables until the next.
    """

    con: duckdb.DuckDBPyConnection
    graph: Graph
    family: str = ""
    """Whose models are executed."""
    memory: Memory = field(default_factory=Memory)
    pending: dict[str, int] = field(default_factory=dict[str, int])
    """Rows of the deltas that are computed and not in their stored tables yet, by model."""
    taken: dict[str, str] = field(default_factory=dict[str, str])
    """The rows that the step takes in as a SELECT, by model: staging rows, and what others stored meanwhile."""

    def stored(self, model: Model) -> str:
        """What the stored table of `model` will hold after this step, without transaction numbers, to select from."""
        table = f"lake.{model.table}"
        if not self.pending.get(model.name):
            return table
        columns = ", ".join(model.stored_columns)
        return f"(select {columns} from {table} union all select {columns} from delta_{model.name})"

    def staged(self, model: Model, condition: str) -> str:
        """The rows of a staging model for which `condition` holds, as the family sees them.

        What a settled model has decided stays decided. So in its family a redriven row bears the stream time that
        its topic had passed when it was redriven: it counts for what was open then, and is late for all else.
        """
        rows = slices.staged_rows(f"lake.{model.table}", condition)
        if not any(item.kind == "settled" for item in self.graph.market if item.family == self.family):
            return rows
        passed = self.memory.redrives(self.con).get(model.topic)
        if not passed:
            return rows
        cases = " ".join(f"when {number} then {passed_ms}" for number, passed_ms in passed.items())
        later = f"greatest(stream_time_ms, case commit_number {cases} else stream_time_ms end)"
        return f"select * replace ({later} as stream_time_ms) from ({rows})"

    def temporary(self, name: str, sql: str) -> None:
        """Put the rows of `sql` into the temporary table `name`."""
        self.con.execute(f"create or replace temporary table {name} as {sql}")

    def count(self, table: str) -> int:
        """Number of rows of `table`."""
        return scalar(self.con, f"select count(*) from {table}")

    def in_units(self, unit: tuple[str, ...], units: str) -> str:
        """The condition that a row's unit is in table `units`. Null is a key like any other, but not for IN."""
        condition = slices.key_match(unit, units)
        if len(unit) == 1 and self.count(f"(select 1 from {units} where {unit[0]} is null)"):
            return f"({condition} or {unit[0]} is null)"
        return condition

    def put_difference(self, model: Model) -> None:
        """Put the signed change that turns `old_rows` into `new_rows` into `delta_<model>`.

        Most groups and driver rows of a slice are new. Then nothing was stored, and nothing is to be compared.
        """
        if self.count("old_rows"):
            changes = slices.difference(model.column_names, "old_rows", "new_rows")
            self.temporary(f"delta_{model.name}", changes)
        else:
            self.put_new(model, "new_rows")

    def put_new(self, model: Model, rows: str) -> str:
        """Put `rows`, in place of which nothing was stored, into `delta_<model>`; its name."""
        distinct = "" if model.identity else "distinct "
        columns = ", ".join(model.column_names)
        self.temporary(f"delta_{model.name}", f"select {distinct}1 as {SIGN_COLUMN}, {columns} from {rows}")
        return f"delta_{model.name}"

    def take(self, family: str, part: slices.Slice) -> int:
        """Make the staging rows of `part` ready for every model of `family`; returns how many there are.

        Columns that no model of the family names are left in their files.
        """
        rows_in = 0
        for model in self.graph.staging_of(family):
            rows = self.staged(model, part.where())
            read = self.graph.names_read(family, model.name)
            unread = set() if read is None else {*model.column_names, *_SELDOM_READ} - read
            if unread:
                rows = f"select * exclude ({', '.join(sorted(unread))}) from ({rows})"
            if part.rows <= LARGE_SLICE_ROWS:
                self.temporary(f"slice_{model.name}", rows)
                rows = f"select * from slice_{model.name}"
            self.taken[model.name] = rows
            rows_in += self.count(f"({rows})")
        return rows_in

    def delta(self, root: Model) -> str:
        """The rows that were taken of a model, or that a stored one, computed already, is to get."""
        return self.taken.get(root.name) or f"select * from delta_{root.name}"

    def whole_leaf(
        self, high: int, reader: Model | None = None, keys: str = "", bounds: str = ""
    ) -> slices.Leaf:
        """All rows of each root up to ingest transaction `high`; of folds only the groups of `reader` in `keys`."""

        def leaf(model: Model) -> str:
            if model.kind == "staging":
                return self.staged(model, f"commit_number <= {high}")
            condition = ""
            # Groups are picked below the fold's GROUP BY, where DuckLake can leave files out.
            if (
                reader is not None
                and model.kind == "fold"
                and set(reader.key) <= set(self.graph.folds[model.name].keys)
            ):
                condition = f"{self.in_units(reader.key, keys)}{bounds}"
            return slices.whole_rows(model, self.stored(model), condition)

        return leaf

    def literals(self, expression: str, table: str) -> tuple[str, str] | None:
        """Least and greatest value of `expression` in `table` as texts, None without any: files are left out by
        literal bounds alone."""
        row = self.con.execute(
            f"select cast(min({expression}) as varchar), cast(max({expression}) as varchar) from {table}"
        ).fetchone()
        return None if row is None or row[0] is None else (row[0], row[1])
