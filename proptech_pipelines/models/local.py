"""Recompute: a group must come out right from the rows of its key alone, and each group that changes must be seen."""

from collections.abc import Iterable, Iterator

from sqlglot import exp

from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.models.model import COORDINATES, Model, parse_select
from proptech_pipelines.models.row_wise import is_literal
from proptech_pipelines.models.unseen import unseen


def local(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    """What in `model`, whose SELECT is `tree`, or in a view through which it reads, is not local to its key."""
    if not set(model.key) <= set(model.column_names):
        yield f"the key {', '.join(model.key)} is not among the columns"
    if model.reads and len(model.key) != 1:
        yield "`reads` needs a key of one column"
    yield from _across_groups(model, tree)
    key = frozenset(model.key) | frozenset(COORDINATES if model.driver else ())
    for view in views_between(model, graph):
        across = _across_groups(model, parse_select(view.name, view.sql))
        for text in (*across, *unseen(view, key, graph)):
            yield f"in {view.name}, through which it reads, {text}"


def views_between(model: Model, graph: Graph) -> Iterator[Model]:
    """The views through which `model` reads staging and stored tables."""
    for name in model.inputs:
        if name not in GIVEN and graph[name].kind == "view":
            yield graph[name]
            yield from views_between(graph[name], graph)


def function_name(node: exp.Func) -> str:
    """Its name as written, in small letters."""
    return (node.name if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) else node.sql_name()).lower()


def _across_groups(model: Model, tree: exp.Select) -> Iterator[str]:
    """What brings rows of several groups together that differ in the key, or are not of one driver row."""
    keys = (model.key, COORDINATES) if model.driver else (model.key,)
    lacks = f"lacks the key {' or '.join(', '.join(key) for key in keys)}"

    def covered(columns: set[str]) -> bool:
        return any(set(key) <= columns for key in keys)

    for group in tree.find_all(exp.Group):
        if not covered(_bare(group.expressions)):
            yield f"GROUP BY {lacks}"
    for window in tree.find_all(exp.Window):
        if not covered(_bare(window.args.get("partition_by") or ())):
            yield f"PARTITION BY {lacks}"
    for join in tree.find_all(exp.Join):
        if not is_literal(join) and not covered(_joined(join, model)):
            yield f"JOIN {lacks}"
    for aggregate in tree.find_all(exp.AggFunc):
        select = aggregate.find_ancestor(exp.Select)
        in_window = isinstance(aggregate.parent, exp.Window | exp.IgnoreNulls | exp.RespectNulls)
        if not in_window and select is not None and select.args.get("group") is None:
            yield f"{function_name(aggregate)}() without GROUP BY spans groups"
    for query in tree.find_all(exp.Subquery, exp.Exists):
        if not isinstance(query.parent, exp.From | exp.Join):
            yield "a sub-query in a condition or column sees other groups"


def _bare(expressions: Iterable[exp.Expr]) -> set[str]:
    """Names of the columns that stand by themselves: a part of a key, its day say, is not the key."""
    return {item.name for item in expressions if isinstance(item, exp.Column)}


def _joined(join: exp.Join, model: Model) -> set[str]:
    """Columns of which both sides of `join` have one value, or for the key one of the values that `reads` names."""
    found = {item.name for item in join.args.get("using") or ()}
    condition = join.args.get("on")
    reads = {_unqualified(parse_select(model.name, f"select {text}").expressions[0]) for text in model.reads}
    for part in _conjuncts(condition) if condition is not None else ():
        if not isinstance(part, exp.EQ | exp.NullSafeEQ):
            continue
        names = {side.name for side in (part.this, part.expression) if isinstance(side, exp.Column)}
        others = [side for side in (part.this, part.expression) if not isinstance(side, exp.Column)]
        if len(names) == 1 and all(_unqualified(side) in reads for side in others):
            found |= names
    return found


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """What must hold together, whatever the brackets."""
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from _conjuncts(inner.left)
        yield from _conjuncts(inner.right)
    else:
        yield inner


def _unqualified(expression: exp.Expr) -> str:
    """The text of `expression` without casts around it and names of tables."""
    while isinstance(expression, exp.Cast):
        expression = expression.this
    copied = expression.copy()
    for column in copied.find_all(exp.Column):
        column.set("table", None)
    return copied.sql("duckdb")
