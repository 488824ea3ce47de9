"""Settled models: a row for a moment is decided once, when the stream time of every input partition has passed it.

A row counts for a moment by its own event and stream time, as the model's SQL says, so that nothing that comes
later changes what was decided.
"""

from datetime import datetime

from proptech_pipelines.engines.session import Session
from proptech_pipelines.lake.stream_times import least_stream_time_ms
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model


def settle(session: Session, model: Model, part: slices.Slice) -> None:
    """Put the rows whose moment became due in `part` into `delta_<model>`."""
    low = due_before(session, model, part.low)
    high = due_before(session, model, part.high)
    session.temporary(
        f"delta_{model.name}", settled_rows(session.graph, model, session.whole_leaf(part.high), low, high)
    )


def settled_rows(
    graph: Graph, model: Model, leaf: slices.Leaf, low: datetime | None, high: datetime | None
) -> str:
    """The rows of `model` with a moment in [low, high), as a SELECT; no `high` is none at all, no `low` no bound."""
    if high is None or (low is not None and low >= high):
        return f"select * from ({slices.wrapped(graph, model, leaf)}) limit 0"
    reach = dict(model.reach)

    def direct(parent: Model) -> str:
        column = "event_time" if parent.kind == "staging" else parent.day_of
        conditions = [f"{column} < timestamp '{high}'"]
        if low is not None and parent.name in reach:
            conditions.append(f"{column} >= timestamp '{low}' - interval '{reach[parent.name]}'")
        return f"select * from {parent.name}__whole where {' and '.join(conditions)}"

    conditions = [f"{model.moment} < timestamp '{high}'"]
    if low is not None:
        conditions.append(f"{model.moment} >= timestamp '{low}'")
    rows = slices.wrapped(graph, model, leaf, direct=direct)
    return f"select * from ({rows}) where {' and '.join(conditions)}"


def due_before(session: Session, model: Model, input_commit: int) -> datetime | None:
    """Moments before this one are decided below ingest transaction `input_commit` + 1; None is none yet."""
    least_ms = least_stream_time_ms(session.con, topics_of(session.graph, model), input_commit)
    if least_ms is None:
        return None
    row = session.con.execute(f"select epoch_ms({least_ms}) - interval '{model.wait}'").fetchone()
    return row[0] if row else None


def topics_of(graph: Graph, model: Model) -> tuple[str, ...]:
    """The topics whose stream times settle `model`."""
    return tuple(item.topic for item in graph.upstream(model.name) if item.kind == "staging")
