"""The table of plans: what is to be built, and what became of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from proptech_pipelines.contracts.storable import json_storable
from proptech_pipelines.lake.connection import Connection
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
    """The plan whose id begins with `plan_id`, None if there is none or more than one."""
    rows = con.execute(f"select {_COLUMNS} from plans where starts_with(plan_id, ?)", [plan_id]).fetchall()
    return _plan(rows[0]) if len(rows) == 1 else None


def add_plan(con: Connection, plan: Plan) -> None:
    """Keep `plan` unless it is kept already; older plans that nobody has finished are dropped in its favour."""
    with transaction(con):
        if read_plan(con, plan.plan_id) is not None:
            return
        con.execute(
            "update plans set state = 'dropped', updated_at = now() at time zone 'UTC' "
            "where state in ('proposed', 'approved', 'failed')"
        )
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
    kept = "report" if report is None else "?"
    values: list[Any] = [state, *([] if report is None else [_json(report)]), plan_id]
    with transaction(con):
        con.execute(
            f"update plans set state = ?, report = {kept}, updated_at = now() at time zone 'UTC' "
            "where plan_id = ?",
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
