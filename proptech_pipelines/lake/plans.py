"""The table of plans: what is to be built, and what became of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from proptech_pipelines.contracts.storable import json_storable
from proptech_pipelines.lake.connection import Connection, scalar
from proptech_pipelines.lake.transactions import transaction
from proptech_pipelines.models.changes import TableChange

State = Literal["proposed", "approved", "building", "swapped", "failed", "dropped"]
OPEN: tuple[State, ...] = ("proposed", "approved", "building", "failed")
_COLUMNS = "plan_id, level, state, tables, changes, schemas, events, bytes, seconds, report"


@dataclass(frozen=True)
class Plan:
    """One plan. `tables` are built, inputs first; `schemas` are version numbers before and after by subject."""

    plan_id: str
    level: str
    state: State
    tables: tuple[str, ...]
    changes: list[dict[str, Any]]
    schemas: dict[str, list[int]]
    events: int
    bytes: int
    seconds: float
    report: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def may_run(self) -> bool:
        """Whether it needs nobody's approval any more."""
        return self.state in ("approved", "building") or (
            self.state == "proposed" and self.level == "additive"
        )


def changes_as_json(changes: Sequence[TableChange]) -> list[dict[str, Any]]:
    """`changes` as they are kept."""
    return [asdict(item) for item in changes]


def read_plans(con: Connection, limit: int = 20) -> list[Plan]:
    """The newest plans, the newest first."""
    rows = con.execute(
        f"select {_COLUMNS} from plans order by created_at desc, plan_id limit {limit}"
    ).fetchall()
    return [_plan(row) for row in rows]


def read_plan(con: Connection, plan_id: str) -> Plan | None:
    """The plan whose id begins with `plan_id`, None if there is none or more than one, or if `plan_id` is empty."""
    if not plan_id:
        return None
    rows = con.execute(f"select {_COLUMNS} from plans where starts_with(plan_id, ?)", [plan_id]).fetchall()
    return _plan(rows[0]) if len(rows) == 1 else None


def add_plan(con: Connection, plan: Plan) -> None:
    """Keep `plan`, as it stands if it is kept already; all others that are open are dropped in its favour.

    One that was dropped is as new: the installation leads to it again.
    """
    kept = read_plan(con, plan.plan_id)
    others = scalar(con, f"select count(*) from plans where plan_id <> ? and state in {OPEN}", [plan.plan_id])
    if kept is not None and kept.state != "dropped" and not others:
        return
    with transaction(con):
        con.execute(
            "update plans set state = 'dropped', updated_at = now() at time zone 'UTC' "
            f"where plan_id <> ? and state in {OPEN}",
            [plan.plan_id],
        )
        con.execute("delete from plans where plan_id = ? and state = 'dropped'", [plan.plan_id])
        if scalar(con, "select count(*) from plans where plan_id = ?", [plan.plan_id]):
            return
        con.execute(
            "insert into plans values "
            "(?, now() at time zone 'UTC', ?, ?, ?, ?, ?, ?, ?, ?, ?, now() at time zone 'UTC')",
            [
                plan.plan_id,
                plan.level,
                plan.state,
                list(plan.tables),
                _json(plan.changes),
                _json(plan.schemas),
                plan.events,
                plan.bytes,
                plan.seconds,
                _json(plan.report),
            ],
        )


def set_state(con: Connection, plan_id: str, state: State, report: dict[str, Any] | None = None) -> None:
    """Note what became of a plan."""
    with transaction(con):
        write_state(con, plan_id, state, report)


def write_state(con: Connection, plan_id: str, state: State, report: dict[str, Any] | None = None) -> None:
    """Note what became of a plan, inside a transaction."""
    kept = "report" if report is None else "?"
    values: list[Any] = [state, *([] if report is None else [_json(report)]), plan_id]
    con.execute(
        f"update plans set state = ?, report = {kept}, updated_at = now() at time zone 'UTC' where plan_id = ?",
        values,
    )


def _json(value: Any) -> str:
    """A plan quotes schemas and errors, which may quote anything."""
    return json_storable(json.dumps(value))


def _plan(row: tuple[Any, ...]) -> Plan:
    plan_id, level, state, tables, changes, schemas, events, size, seconds, report = row
    return Plan(
        plan_id,
        level,
        state,
        tuple(tables),
        json.loads(changes),
        json.loads(schemas),
        events,
        size,
        seconds,
        json.loads(report),
    )
