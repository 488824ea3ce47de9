"""What re-admission needs of a fold that tells rows in time from late ones.

Its input marks late rows in the column `is_late`, and input and late rows bear the coordinates of their records.
"""

from collections.abc import Iterator
from functools import cache

from sqlglot import exp

from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.models.model import COORDINATES, Model, parse_select

FLAG = "is_late"


def is_readmittable(model: Model) -> bool:
    """Whether late records can be re-admitted to the table of `model`."""
    return model.kind == "fold" and model.conserves is not None


def told_apart(graph: Graph, family: str) -> dict[str, Model]:
    """By their table of late rows, the folds that count each row of their view that is not late, straight from staging.

    Such a fold that counted as many as there are leaves no late row.
    """
    return {
        model.conserves.late: model
        for model in graph.stored(family)
        if model.conserves is not None
        and is_readmittable(model)
        and _are_told_apart(model, graph[model.conserves.late])
        and all(root.kind == "staging" for root in graph.roots(model.name))
    }


@cache
def _are_told_apart(fold: Model, late: Model) -> bool:
    rule = fold.conserves
    if rule is None or late.inputs != fold.inputs:
        return False
    counting, keeping = parse_select(fold.name, fold.sql), parse_select(late.name, late.sql)
    counts = [item.this for item in counting.expressions if item.alias_or_name == rule.count]
    return (
        counts == [exp.Count(this=exp.Star(), big_int=True)]
        and _condition(counting) == exp.not_(exp.column(FLAG))
        and _condition(keeping) == exp.column(FLAG)
    )


def _condition(tree: exp.Select) -> exp.Expr | None:
    """What follows WHERE, if rows are neither joined nor nested."""
    where = tree.args.get("where")
    is_plain = not tree.args.get("joins") and len(list(tree.find_all(exp.Select))) == 1
    return where.this if is_plain and isinstance(where, exp.Where) else None


def conserves(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    """What re-admission needs: late rows of the fold's input are marked, and known by their records."""
    rule = model.conserves
    if rule is None:
        return
    rows = graph.models.get(rule.rows)
    if model.inputs != (rule.rows,) or rows is None or rows.kind != "view" or not rule.count:
        yield f"[conserves] of a fold needs `count`, and as `rows` the view that it reads, not {rule.rows}"
        return
    late = graph.models.get(rule.late)
    if late is None or late.kind != "append" or late.family != model.family:
        yield f"[conserves] needs as `late` an append table of its family, not {rule.late}"
        return
    for name, needed in ((rule.rows, {FLAG, *COORDINATES}), (rule.late, set(COORDINATES))):
        if lacking := sorted(needed - set(_columns_through(graph[name], graph))):
            yield f"[conserves] needs {', '.join(lacking)} among the columns of {name}"


def _columns_through(model: Model, graph: Graph) -> Iterator[str]:
    """Its columns, with those that `*` takes over; of staging, those that re-admission needs."""
    yield from COORDINATES if model.kind == "staging" else ()
    for name in model.column_names:
        if name == "*":
            for parent in set(model.inputs) - set(GIVEN):
                yield from _columns_through(graph[parent], graph)
        else:
            yield name
