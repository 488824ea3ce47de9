"""Executes models on the lake with DuckDB: computes what a slice of the log adds to each table of a family."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import duckdb

from proptech_pipelines.errors import ModelError
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model

Naming = Callable[[str], str]
"""From a stored model's name to its physical table."""


@dataclass(frozen=True)
class Counts:
    """What a family did with a slice: rows read, assignments applied, assignments that came too late."""

    rows_in: int = 0
    applied: int = 0
    late: int = 0


class DuckDBEngine:
    """Advances the tables of one graph on one connection, inside the caller's transaction.

    Results of a step stand in temporary tables `delta_<model>` until the next one.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, graph: Graph, naming: Naming) -> None:
        self._con = con
        self._graph = graph
        self._naming = naming

    def advance(self, family: str, part: slices.Slice, commit_number: int) -> Counts:
        """Take the staging rows of `part` into every stored table of `family`, as its transaction `commit_number`.

        Raises ModelError if a fold and its late rows do not account for every row of its input.
        """
        for model in self._graph.stored(family):
            self.compute_delta(model, part)
            self.append_delta(model, commit_number)
        return self._conserved(family, part)

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

    def compute_delta(self, model: Model, part: slices.Slice) -> None:
        """Put what `part` adds to `model` into the temporary table `delta_<model>`."""
        if model.kind == "recompute":
            self._touch(model, part)
            self.recompute(model, part.high)
        else:
            self._temporary(f"delta_{model.name}", slices.wrapped(self._graph, model, self._slice_leaf(part)))
        self._require_identity(model)

    def append_delta(self, model: Model, commit_number: int) -> int:
        """Append `delta_<model>` to the stored table and return its number of rows; nothing is written for none."""
        rows = self._count(f"delta_{model.name}")
        if rows:
            columns = ", ".join((("sign",) if model.kind == "recompute" else ()) + model.column_names)
            self._con.execute(
                f"insert into {self._naming(model.name)} select {commit_number}, {columns} from delta_{model.name}"
            )
        return rows

    def recompute(self, model: Model, high: int) -> None:
        """Put the signed change of the groups in the temporary table `touched` into `delta_<model>`."""
        bounds = self._bounds(model, "touched")
        restricted = f"{slices.key_match(model.key, 'touched')}{bounds}"
        needed = "touched"
        if model.reads:
            needed = "needed"
            self._temporary(needed, slices.needed_through_reads(model, "touched"))
        leaf = self.whole_leaf(high, model, needed, "" if model.reads else bounds)
        new = slices.wrapped(
            self._graph,
            model,
            leaf,
            direct=lambda parent: (
                f"select * from {parent.name}__whole where {slices.key_match(model.key, needed)}"
            ),
        )
        self._temporary("new_rows", f"select * from ({new}) where {slices.key_match(model.key, 'touched')}")
        self._temporary("old_rows", slices.whole_rows(model, self._naming(model.name), restricted))
        self._temporary(f"delta_{model.name}", slices.difference(model.column_names, "old_rows", "new_rows"))

    def _require_identity(self, model: Model) -> None:
        """No parser sees that a model doubles rows (by an unnest, say): two of one identity are refused here."""
        if not model.identity:
            return
        source = "new_rows" if model.kind == "recompute" else f"delta_{model.name}"
        names = ", ".join(model.identity)
        doubled = self._con.execute(
            f"select {names} from {source} group by {names} having count(*) > 1 limit 1"
        ).fetchone()
        if doubled is not None:
            raise ModelError(
                f"{model.name} gives two rows of the identity ({names}) = {doubled}.",
                "correct the model's identity or SQL.",
            )

    def _touch(self, model: Model, part: slices.Slice) -> None:
        whole = self.whole_leaf(part.high)
        parts: list[str] = []
        for root in self._graph.roots(model.name):
            rows = (
                self._slice_leaf(part)(root) if root.kind == "staging" else f"select * from delta_{root.name}"
            )
            parts.append(slices.changed_keys(self._graph, model, whole, root, rows))
        changed = " union ".join(parts)
        if not model.reads:
            self._temporary("touched", changed)
            return
        self._temporary("changed", changed)
        candidates = slices.all_keys(self._graph, model, whole)
        self._temporary("touched", slices.touched_through_reads(model, "changed", candidates))

    def _slice_leaf(self, part: slices.Slice) -> slices.Leaf:
        return lambda model: slices.staged_rows(f"lake.{model.name}", part.where())

    def whole_leaf(
        self, high: int, reader: Model | None = None, keys: str = "", bounds: str = ""
    ) -> slices.Leaf:
        """All rows of each root up to ingest transaction `high`; of folds only the groups of `reader` in `keys`."""

        def leaf(model: Model) -> str:
            if model.kind == "staging":
                return slices.staged_rows(f"lake.{model.name}", f"commit_number <= {high}")
            condition = ""
            # Groups are picked below the fold's GROUP BY, where DuckLake can leave files out.
            if (
                reader is not None
                and model.kind == "fold"
                and set(reader.key) <= set(self._graph.folds[model.name].keys)
            ):
                condition = f"{slices.key_match(reader.key, keys)}{bounds}"
            return slices.whole_rows(model, self._naming(model.name), condition)

        return leaf

    def _bounds(self, model: Model, keys: str) -> str:
        if model.day_of not in model.key:
            return ""
        row = self._con.execute(
            f"select cast(min({model.day_of}) as varchar), cast(max({model.day_of}) as varchar) from {keys}"
        ).fetchone()
        if row is None or row[0] is None:
            return ""
        return f" and {model.day_of} >= '{row[0]}' and {model.day_of} <= '{row[1]}'"

    def _conserved(self, family: str, part: slices.Slice) -> Counts:
        rows_in = sum(
            self._scalar(f"select count(*) from lake.{model.name} where {part.where()}")
            for model in self._graph.staging_of(family)
        )
        folds = [model for model in self._graph.stored(family) if model.conserves]
        if not folds:
            return Counts(rows_in, rows_in)
        assigned = applied = late = 0
        for model in folds:
            rule = model.conserves
            assert rule is not None
            view = slices.wrapped(self._graph, self._graph[rule.rows], self._slice_leaf(part))
            assigned += self._scalar(f"select count(*) from ({view})")
            applied += self._scalar(f"select coalesce(sum({rule.count}), 0) from delta_{model.name}")
            late += self._count(f"delta_{rule.late}")
        if assigned != applied + late:
            raise ModelError(
                f"{family}: {assigned} assignments, but {applied} applied and {late} late in {part}.",
                f"mend the models of {family}: every row of the view is either folded or late.",
            )
        return Counts(rows_in, applied, late)

    def _temporary(self, name: str, sql: str) -> None:
        self._con.execute(f"create or replace temporary table {name} as {sql}")

    def _count(self, table: str) -> int:
        return self._scalar(f"select count(*) from {table}")

    def _scalar(self, sql: str) -> int:
        row = self._con.execute(sql).fetchone()
        return int(row[0]) if row else 0
