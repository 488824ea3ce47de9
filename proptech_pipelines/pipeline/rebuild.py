"""Puts days that were derived again in place, beside the running stream.

Everything is computed at a pinned cut, outside any write transaction. Only rows in which the result differs from what
is stored are replaced, by a short transaction under the family's lease, which takes into account what the stream did
since; the stream is served in between. A row that was right keeps its transaction number, so that an outbox that has
not come to it yet still sends it.
"""

from dataclasses import replace

from proptech_pipelines.engines.duckdb import DuckDBEngine
from proptech_pipelines.engines.since import Between, Since
from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.lease import Leases, family_lease, rebuild_lease
from proptech_pipelines.lake.transactions import move_head, snapshot, transaction
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, Model
from proptech_pipelines.pipeline.advance import FamilyPosition, family_position
from proptech_pipelines.pipeline.compare import (
    Days,
    Derived,
    Key,
    chosen,
    derive,
    sums,
    temporary,
    unit_condition,
)

_ATTEMPTS = 10


def rebuild_days(
    con: Connection, leases: Leases, graph: Graph, family: str, days: Days | None, key: Key = ()
) -> list[Derived]:
    """Make the stored tables of `family` on `days` what the log gives, with a `key` only the rows that have it.

    All other rows stay as they are, with their transaction numbers; but a group that stands on a wrong day moves.
    Raises LedgerConflict if the tables would not hold still for several attempts.
    """
    for _ in range(_ATTEMPTS):
        # One backfill of a family at a time: another's transaction would be taken for the stream's.
        with leases.hold(rebuild_lease(family)):
            rebuild = _Rebuild(con, graph, family, days, key)
            derived = rebuild.prepare()
            if not any(item.differs for item in derived):
                return derived
            try:
                with leases.hold(family_lease(family)), transaction(con):
                    is_done = rebuild.write()
            except LedgerConflict:
                continue
        if is_done:
            return derived
        again = rebuild_days(con, leases, graph, family, days, key)
        return sums([*(replace(item, rows=0) for item in derived), *again])
    raise LedgerConflict(
        f"{family} was changed by others each of {_ATTEMPTS} times.",
        "run it again when the stream is quieter.",
    )


class _Rebuild:
    """One attempt: what is to be replaced, found at a pinned cut, and the transaction that replaces it."""

    def __init__(self, con: Connection, graph: Graph, family: str, days: Days | None, key: Key) -> None:
        self._con = con
        self._graph = graph
        self._family = family
        self._days = days
        self._key = key
        self._pinned = FamilyPosition(0, 0)
        self._snapshot_id = 0
        self._wrong: list[Model] = []
        self._found: dict[str, tuple[int, int]] = {}

    def prepare(self) -> list[Derived]:
        """Derive the days at the family's own cut, and find the rows that must go and those that must come."""
        con, graph = self._con, self._graph
        with snapshot(con):
            self._snapshot_id = scalar(con, "select id from ducklake_current_snapshot('lake')")
            self._pinned = family_position(con, self._family)
            derived = derive(con, graph, self._family, self._pinned, self._days, self._key)
            for item in derived:
                model = graph[item.table]
                # A recomputed one that was right may have taken in since what was wrong in its roots.
                rests_on_wrong = any(root in self._wrong for root in graph.roots(model.name))
                if item.differs or (model.kind == "recompute" and rests_on_wrong):
                    self._wrong.append(model)
                    if model.kind != "recompute":
                        self._find_rows(model)
                        self._found[model.name] = self._fingerprint(model)
        return derived

    def write(self) -> bool:
        """Replace the rows, inside the caller's transaction; False if others were decided on wrong ones meanwhile.

        Raises LedgerConflict if they are not as they were found.
        """
        con, graph, family = self._con, self._graph, self._family
        now = family_position(con, family)
        number = move_head(con, family, now.commit_number, graph.head_generation(family))
        if scalar(
            con,
            "select count(*) from ledger where writer = ? and commit_number > ? and is_quiet",
            [family, self._pinned.commit_number],
        ):
            raise LedgerConflict(f"Days of {family} were derived again meanwhile.", "compare again.")
        for model in self._wrong:
            if model.kind != "recompute":
                self._replace_found(model, number)
        self._replace_recomputed(now, number)
        con.execute(
            "insert into ledger select ?, ?, ?, max(control_number), 0, 0, 0, true, now() at time zone 'UTC' "
            "from ledger where writer = ?",
            [family, number, now.input_commit, family],
        )
        return not any(self._has_decided(model, now) for model in graph.stored(family))

    def _has_decided(self, model: Model, now: FamilyPosition) -> bool:
        """Whether a settled model got rows since, and read roots that were wrong for that."""
        if model.kind != "settled" or not any(root in self._wrong for root in self._graph.roots(model.name)):
            return False
        own = slices.Slice(self._pinned.commit_number, now.commit_number).where()
        return bool(
            scalar(
                self._con,
                f"select count(*) from lake.{model.table} where {own} and {chosen(model, self._days)}",
            )
        )

    def _find_rows(self, model: Model) -> None:
        """Put the row ids of surplus rows into `gone_<model>` and missing rows into `new_<model>`; of a fold, groups as
        a whole."""
        name, missing, surplus = model.name, f"missing_{model.name}", f"surplus_{model.name}"
        pinned = f"(select rowid as row_id, * from lake.{model.table} where {self._pinned_rows(model)})"
        if model.kind == "fold":
            keys = self._graph.folds[name].keys
            names = ", ".join(keys)
            groups = f"(select {names} from {missing} union select {names} from {surplus})"
            same = slices.same("p", "g", keys)
            gone = f"select row_id from {pinned} as p semi join {groups} as g on {same}"
            new = f"select p.* from derived_{name} as p semi join {groups} as g on {same}"
        else:
            names = ", ".join(model.column_names)
            # Of rows that are there too often the first stays.
            nth = f"row_number() over (partition by {names} order by {COMMIT_COLUMN} desc, row_id desc)"
            gone = (
                f"select row_id from (select *, {nth} as nth_copy from {pinned}) as p inner join "
                f"(select {names}, count(*) as surplus_copies from {surplus} group by all) as s "
                f"on nth_copy <= surplus_copies and {slices.same('p', 's', model.column_names)}"
            )
            new = f"select * from {missing}"
        temporary(self._con, f"gone_{name}", gone)
        temporary(self._con, f"new_{name}", new)

    def _replace_found(self, model: Model, number: int) -> None:
        # Folding may have put newer rows among the pinned ones.
        if self._fingerprint(model) != self._found[model.name]:
            raise LedgerConflict(f"{model.name} was folded meanwhile.", "compare again.")
        table = f"lake.{model.table}"
        self._con.execute(f"delete from {table} where rowid in (select row_id from gone_{model.name})")
        self._con.execute(f"insert into {table} select {number}, * from new_{model.name}")

    def _replace_recomputed(self, now: FamilyPosition, number: int) -> None:
        engine = DuckDBEngine(self._con, self._graph)
        wrong = [model for model in self._wrong if model.kind == "recompute"]
        since = self._since(now) if wrong and now != self._pinned else None
        for model in self._graph.stored(self._family):
            if model.kind != "recompute":
                continue
            is_read = any(
                model in self._graph.roots(reader.name) for reader in self._graph.stored(self._family)
            )
            keys, rows = f"keys_{model.name}", f"whole_{model.name}"
            near = unit_condition(model, self._days, self._key)
            if model in wrong:
                if since is not None:
                    keys, rows = since.bring(model, self._chosen(model), near, is_read=is_read)
                engine.replace(model, keys, rows, near, number)
            elif since is not None and is_read:
                since.follow(model)

    def _since(self, now: FamilyPosition) -> Since:
        pinned = self._pinned
        between = Between(
            slices.Slice(pinned.input_commit, now.input_commit),
            slices.Slice(pinned.commit_number, now.commit_number),
            self._snapshot_id,
        )
        return Since(self._con, self._graph, self._family, between)

    def _fingerprint(self, model: Model) -> tuple[int, int]:
        """Tells whether the pinned rows are still the same: a row never changes under its row id."""
        row = self._con.execute(
            f"select count(*), coalesce(sum(hash(rowid, {COMMIT_COLUMN})), 0) from lake.{model.table} "
            f"where {self._pinned_rows(model)}"
        ).fetchone()
        return row or (0, 0)

    def _pinned_rows(self, model: Model) -> str:
        return f"{COMMIT_COLUMN} <= {self._pinned.commit_number} and {self._chosen(model)}"

    def _chosen(self, model: Model) -> str:
        return chosen(model, self._days, self._key)
