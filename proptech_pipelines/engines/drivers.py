"""Recompute by driver row: the model runs for the driver rows that a slice brings or concerns.

A row of the result depends on its driver row and on rows of the other inputs with the same key and a time between
`back` before and `ahead` after it.
"""

from dataclasses import dataclass

from proptech_pipelines.engines.session import Session
from proptech_pipelines.models import slices
from proptech_pipelines.models.model import COORDINATES, Model

_NEVER = "1970-01-01"
"""No driver row touched: bounds that leave every file out."""


@dataclass(frozen=True)
class Touched:
    """The driver rows to recompute; coordinates, key and time of all stand in the temporary table `touched`."""

    former: str
    """The table of those of which rows may be stored; empty for none."""
    fresh: str = ""
    """The others as a SELECT: they came with the slice, so that nothing is stored of them."""


def touch_drivers(session: Session, model: Model, part: slices.Slice, *, is_stored: bool = False) -> Touched:
    """Put the driver rows that `part` brings or concerns into the temporary table `touched`.

    `is_stored` says that rows may be stored of those that it brings, too.
    """
    graph, whole = session.graph, session.whole_leaf(part.high)
    columns = ", ".join(model.touched_columns)
    # A window sees more than a slice, and of a recomputed table rows come back under coordinates that they had before.
    has_fresh = not is_stored and graph.source_of(model.driver) is not None
    fresh = slices.input_of(graph, graph[model.driver], session.delta) if has_fresh else ""
    parts: list[str] = []
    changes: list[str] = []
    for root in graph.roots(model.name):
        delta = session.delta(root)
        for name in slices.inputs_through(graph, model, root):
            rows = slices.input_with(graph, graph[name], whole, root, delta)
            if name == model.driver:
                parts.append(f"select {columns} from ({rows})")
            else:
                changes.append(f"select {', '.join((*model.key, model.time))} from ({rows})")
    former = "" if fresh else "touched"
    if changes:
        session.temporary("changed", " union ".join(changes))
        if (bounds := _reverse_bounds(session, model)) is not None:
            before = session.whole_leaf(part.low) if fresh else whole
            session.temporary("former", _concerned(session, model, before, columns, bounds))
            parts.append("from former")
            if fresh and session.count("former"):
                former = "former"
    session.temporary("touched", " union ".join(parts))
    return Touched(former, fresh)


def recompute_drivers(session: Session, model: Model, high: int, touched: Touched) -> str:
    """Put the signed change of the rows of `touched` drivers into `delta_<model>`; the table of their new rows."""
    low, high_time = session.literals(model.time, "touched") or (_NEVER, _NEVER)
    time = model.time

    def direct(parent: Model) -> str:
        whole = f"select * from {parent.name}__whole where "
        if parent.name == model.driver:
            parts = [f"select * from ({touched.fresh})"] if touched.fresh else []
            if touched.former:
                parts.append(
                    f"{whole}{time} >= timestamp '{low}' and {time} <= timestamp '{high_time}' "
                    f"and {slices.key_match(COORDINATES, touched.former)}"
                )
            # By name: a slice lacks columns that nobody reads.
            return " union all by name ".join(parts)
        near = f"{time} <= timestamp '{high_time}' + {_interval(model.ahead)}"
        if model.back:
            near += f" and {time} >= timestamp '{low}' - {_interval(model.back)}"
        return f"{whole}{near} and {slices.key_match(model.key, 'touched')}"

    new = slices.wrapped(session.graph, model, session.whole_leaf(high), direct=direct)
    if not touched.former:
        return session.put_new(model, f"({new})")
    session.temporary("new_rows", new)
    bounds = ""
    if model.day_of == time:
        bounds = f" and {time} >= timestamp '{low}' and {time} <= timestamp '{high_time}'"
    stored = slices.whole_rows(
        model, f"lake.{model.table}", f"{slices.key_match(COORDINATES, touched.former)}{bounds}"
    )
    session.temporary("old_rows", stored)
    session.put_difference(model)
    return "new_rows"


def _concerned(session: Session, model: Model, whole: slices.Leaf, columns: str, bounds: str) -> str:
    """Driver rows that read a row of `changed`."""
    driver = slices.input_of(session.graph, session.graph[model.driver], whole)
    matches = [f"d.{name} = c.{name}" for name in model.key]
    matches.append(f"d.{model.time} >= c.{model.time} - {_interval(model.ahead)}")
    if model.back:
        matches.append(f"d.{model.time} <= c.{model.time} + {_interval(model.back)}")
    return (
        f"select {columns} from (select * from ({driver}) where {bounds}) as d "
        f"semi join changed as c on {' and '.join(matches)}"
    )


def _reverse_bounds(session: Session, model: Model) -> str | None:
    found = session.literals(model.time, "changed")
    if found is None:
        return None
    bounds = f"{model.time} >= timestamp '{found[0]}' - {_interval(model.ahead)}"
    if model.back:
        bounds += f" and {model.time} <= timestamp '{found[1]}' + {_interval(model.back)}"
    return bounds


def _interval(span: str) -> str:
    return f"interval '{span or '0 seconds'}'"
