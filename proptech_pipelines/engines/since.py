"""Rows of recomputed models that were derived at a cut are brought to a later one: only what the slice between the two
concerns is derived anew. So days are derived at leisure, and put in place in a moment."""

from dataclasses import dataclass

import duckdb

from proptech_pipelines.engines.drivers import Touched, recompute_drivers, touch_drivers
from proptech_pipelines.engines.groups import recompute_groups, touch_groups
from proptech_pipelines.engines.session import Session
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model


@dataclass(frozen=True)
class Between:
    """What lies between two cuts of a family: of the ingest and of its own, from the lake's snapshot at the first."""

    inputs: slices.Slice
    own: slices.Slice
    snapshot_id: int


class Since:
    """Brings the derived rows of a family over `between`, inside the caller's transaction, roots before readers.

    In the stored tables the family is at the later cut, and what was wrong in the model's roots is mended already.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, graph: Graph, family: str, between: Between) -> None:
        self._between = between
        self._session = Session(con, graph, family)
        self._session.take(family, between.inputs)

    def bring(self, model: Model, condition: str, near: str, *, is_read: bool) -> tuple[str, str]:
        """The units of `model` to replace and their rows: names of tables, made of `keys_<model>` and `whole_<model>`.

        A unit of which a row satisfies `condition` counts as well if something between the cuts concerns it. `near`
        is a condition on units without which no row of theirs satisfies `condition`. `is_read` says that a model to be
        brought later reads this one.
        """
        session, name, unit = self._session, model.name, ", ".join(model.unit)
        self._touch(model)
        if any(root.kind == "recompute" for root in session.graph.roots(name)):
            self._touch_changed(model, condition)
        former = self._stored(model) if is_read else ""
        # Where `near` says more than `true`, a slice of today concerns nothing on a day of last year.
        same = slices.same("t", "k", model.unit)
        session.temporary(
            "touched",
            f"select * from touched where {near} "
            f"union select t.* from touched as t semi join keys_{name} as k on {same}",
        )
        high = self._between.inputs.high
        if model.driver:
            recompute_drivers(session, model, high, Touched("touched"))
        else:
            recompute_groups(session, model, high)
        changed = " union ".join(
            f"select {unit} from {rows} where {condition}" for rows in ("new_rows", "old_rows")
        )
        session.temporary("replaced", f"select {unit} from keys_{name} union {changed}")
        columns, same = ", ".join(model.column_names), slices.same("r", "t", model.unit)
        parts = [
            f"select {columns} from whole_{name} as r anti join touched as t on {same}",
            f"select {columns} from (select * from new_rows where {near}) as r semi join replaced as t on {same}",
        ]
        session.temporary("right_rows", " union all ".join(parts))
        if is_read:
            derived = f"select {columns} from derived_{name} as r semi join touched as t on {same}"
            self._know(model, f"{former} union {derived} union select {columns} from new_rows")
        return "replaced", "right_rows"

    def follow(self, model: Model) -> None:
        """Find out what became of the stored rows of `model`, which stays as it is but is read by one to be brought."""
        self._touch(model)
        self._know(model, self._stored(model))

    def _touch(self, model: Model) -> None:
        """Put the units whose rows may have changed into the temporary table `touched`."""
        session, graph = self._session, self._session.graph
        for root in graph.roots(model.name):
            if root.name not in session.taken:
                columns = ", ".join(root.column_names)
                self._know(root, f"select {columns} from lake.{root.table} where {self._between.own.where()}")
        if model.driver:
            touch_drivers(session, model, self._between.inputs, is_stored=True)
        else:
            touch_groups(session, model, self._between.inputs)

    def _touch_changed(self, model: Model, condition: str) -> None:
        """Add the units whose rows the stream changed: in its roots there were wrong rows, which are gone now."""
        unit = ", ".join(model.touched_columns)
        columns = ", ".join(model.column_names)
        now = slices.whole_rows(model, f"lake.{model.table}", condition)
        before = f"select {columns} from stored_{model.name}"
        self._session.temporary(
            "touched",
            f"select {unit} from touched "
            f"union select {unit} from (({before} except {now}) union ({now} except {before}))",
        )

    def _stored(self, model: Model) -> str:
        """The rows of the touched units at the first cut and now.

        From the lake as it was: of rows that came and went, folding leaves nothing behind.
        """
        touched = self._session.in_units(model.unit, "touched")
        then = f"lake.{model.table} at (version => {self._between.snapshot_id})"
        name = f"former_{model.name}"
        self._session.temporary(
            name,
            f"({slices.whole_rows(model, then, touched)}) union "
            f"({slices.whole_rows(model, f'lake.{model.table}', touched)})",
        )
        return f"select * from {name}"

    def _know(self, root: Model, rows: str) -> None:
        self._session.temporary(f"since_{root.name}", rows)
        self._session.taken[root.name] = f"select * from since_{root.name}"
