"""Settled models: a row for a moment is decided once, when the stream time of every input partition has passed it.

A row counts for a moment by its own event and stream time, as the model's SQL says, so that nothing that comes
later changes what was decided.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from proptech_pipelines.engines.readmitted import without_readmissions
from proptech_pipelines.engines.session import Session
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, Model

_PIECE_ROWS = 200_000
"""What is decided at once. A model may join its moments with whatever lasts through them: of homes on offer and people
who look for some, both grow with the time that a piece spans."""
_SOON = timedelta(seconds=15)
"""A span of moments for which it is not worth counting rows."""


def settle(session: Session, model: Model, part: slices.Slice) -> None:
    """Put the rows whose moment became due in `part` into `delta_<model>`."""
    low = due_before(session, model, part.low)
    high = due_before(session, model, part.high)
    leaf = without_readmissions(session, session.whole_leaf(part.high), part.high, _matters_from(model, low))
    bounds = piece_bounds(session, model, part.high, low, high)
    session.temporary(f"delta_{model.name}", settled_rows(session.graph, model, leaf, bounds))


def _matters_from(model: Model, low: datetime | None) -> str:
    """The event time, as an expression, before which rows of no input matter; empty where there is no such bound."""
    reach = dict(model.reach)
    if low is None or not set(model.inputs) <= set(reach):
        return ""
    moments = [f"timestamp '{low}' - interval '{reach[name]}'" for name in model.inputs]
    return f"least({', '.join(moments)})"


def piece_bounds(
    session: Session, model: Model, input_commit: int, low: datetime | None, high: datetime | None
) -> list[datetime | None]:
    """`low`, moments in between and `high`, ascending: between two of them lie at most some `_PIECE_ROWS` staging rows.

    Which moments stand in between changes no row, since each moment is decided for itself.
    """
    if high is None or (low is not None and high - low <= _SOON):
        return [low, high]
    condition = f"{COMMIT_COLUMN} <= {input_commit} and event_time < timestamp '{high}'"
    if low is not None:
        condition += f" and event_time >= timestamp '{low}'"
    times = " union all ".join(
        f"select event_time from lake.{item.table} where {condition}"
        for item in _staging_of(session.graph, model)
    )
    found = session.con.execute(
        f"select max(second) from (select second, (sum(count(*)) over (order by second)) // {_PIECE_ROWS} as piece "
        f"from (select date_trunc('second', event_time) as second from ({times})) group by second) "
        "group by piece order by piece"
    ).fetchall()
    inner = [moment for (moment,) in found[:-1] if moment is not None and (low is None or moment > low)]
    return [low, *inner, high]


def settled_rows(graph: Graph, model: Model, leaf: slices.Leaf, bounds: Sequence[datetime | None]) -> str:
    """The rows of `model` with a moment in [first, last) of `bounds`, as a SELECT that decides them piece by piece.

    No last one is no row at all, no first one no bound.
    """
    return " union all ".join(_rows_between(graph, model, leaf, low, high) for low, high in pairwise(bounds))


def _rows_between(
    graph: Graph, model: Model, leaf: slices.Leaf, low: datetime | None, high: datetime | None
) -> str:
    if high is None or (low is not None and low >= high):
        return f"select * from ({slices.wrapped(graph, model, leaf)}) limit 0"
    reach = dict(model.reach)

    def near(rows: str, name: str, column: str) -> str:
        conditions = [f"{column} < timestamp '{high}'"]
        if low is not None and name in reach:
            conditions.append(f"{column} >= timestamp '{low}' - interval '{reach[name]}'")
        return f"{rows} where {' and '.join(conditions)}"

    def near_leaf(root: Model) -> str:
        # Where staging is read, through views or not: only there does a bound leave files out.
        rows = leaf(root)
        return near(f"select * from ({rows})", root.name, "event_time") if root.kind == "staging" else rows

    def direct(parent: Model) -> str:
        rows = f"select * from {parent.name}__whole"
        return rows if parent.kind == "staging" else near(rows, parent.name, parent.day_of)

    rows = slices.wrapped(graph, model, near_leaf, direct=direct)
    return near(f"select * from ({rows})", "", model.moment) + (
        f" and {model.moment} >= timestamp '{low}'" if low is not None else ""
    )


def due_before(session: Session, model: Model, input_commit: int) -> datetime | None:
    """Moments before this one are decided below ingest transaction `input_commit` + 1; None is none yet.

    It never falls with rising `input_commit`.
    """
    passed_ms = session.memory.passed_stream_time_ms(
        session.con, topics_of(session.graph, model), input_commit
    )
    if passed_ms is None:
        return None
    row = session.con.execute(f"select epoch_ms({passed_ms}) - interval '{model.wait}'").fetchone()
    return row[0] if row else None


def topics_of(graph: Graph, model: Model) -> tuple[str, ...]:
    """The topics whose stream times settle `model`."""
    return tuple(item.topic for item in _staging_of(graph, model))


def _staging_of(graph: Graph, model: Model) -> list[Model]:
    return [item for item in graph.upstream(model.name) if item.kind == "staging"]
