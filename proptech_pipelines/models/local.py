"""Recompute: a group must come out right from the rows of its key alone, and each group that changes must be seen.

Which groups a slice touches is read from the inputs as they would be were the slice all there is. So a view between
may not leave a row out by what other rows make of it: of a total of three, the slice may bring one.
"""

from collections.abc import Iterable, Iterator

from sqlglot import exp

from proptech_pipelines.models.fold import fold_of
from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.models.model import COORDINATES, Model, parse_select
from proptech_pipelines.models.row_wise import is_literal

_TOGETHER = (exp.Group, exp.AggFunc, exp.Window, exp.Distinct)
"""What makes one row of several."""


def local(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    """What in `model`, whose SELECT is `tree`, or in a view through which it reads, is not local to its key."""
    if not set(model.key) <= set(model.column_names):
        yield f"the key {', '.join(model.key)} is not among the columns"
    if model.reads and len(model.key) != 1:
        yield "`reads` needs a key of one column"
    yield from _across_groups(model, tree)
    for view in views_between(model, graph):
        view_tree = parse_select(view.name, view.sql)
        for text in (*_across_groups(model, view_tree), *_unseen(model, view_tree, graph)):
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
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        if not isinstance(part, exp.EQ | exp.NullSafeEQ):
            continue
        names = {side.name for side in (part.this, part.expression) if isinstance(side, exp.Column)}
        others = [side for side in (part.this, part.expression) if not isinstance(side, exp.Column)]
        if len(names) == 1 and all(_unqualified(side) in reads for side in others):
            found |= names
    return found


def _unqualified(expression: exp.Expr) -> str:
    """The text of `expression` without casts around it and names of tables."""
    while isinstance(expression, exp.Cast):
        expression = expression.this
    copied = expression.copy()
    for column in copied.find_all(exp.Column):
        column.set("table", None)
    return copied.sql("duckdb")


def _unseen(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    """What in a view may leave out rows of a slice that are rows of the whole."""
    for word, node in (("EXCEPT", exp.Except), ("ANTI JOIN", exp.Join)):
        if any(node is exp.Except or item.kind == "ANTI" for item in tree.find_all(node)):
            yield f"{word} leaves out rows that a slice does not show"
    steady = {*model.key, *(COORDINATES if model.driver else ())}
    for select in tree.find_all(exp.Select):
        sources = [*_sources(select)]
        exact = all(_is_exact(source, graph, tree) for source in sources)
        is_outer = any(join.side for join in select.args.get("joins") or ())
        kept = steady.union(*(_fold_keys(source, graph) for source in sources))
        conditions = [select.args.get(name) for name in ("having", "qualify")]
        conditions += [] if exact and not is_outer else [select.args.get("where")]
        conditions += [] if exact else [join.args.get("on") for join in select.args.get("joins") or ()]
        named = {
            column.name for item in conditions if item is not None for column in item.find_all(exp.Column)
        }
        if strange := sorted(named - kept):
            yield (
                f"a condition on {', '.join(strange)} may leave out a group that a slice changes: "
                "put it into the model itself, or into a view above"
            )


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    source = select.args.get("from_")
    for item in (source, *(select.args.get("joins") or ())):
        if item is not None and not (isinstance(item, exp.Join) and is_literal(item)):
            yield item.this


def _is_exact(source: exp.Expr, graph: Graph, tree: exp.Select) -> bool:
    """Whether the rows of `source`, a part of `tree`, on a slice are its rows on the whole that the slice brings."""
    if isinstance(source, exp.Subquery):
        return _is_exact(source.this, graph, tree)
    if isinstance(source, exp.Union):
        return _is_exact(source.left, graph, tree) and _is_exact(source.right, graph, tree)
    if isinstance(source, exp.Select):
        own = source.copy()
        own.set("with_", None)
        is_outer = any(join.side for join in source.args.get("joins") or ())
        inputs = all(_is_exact(item, graph, tree) for item in _sources(source))
        return inputs and not is_outer and not own.find(*_TOGETHER)
    return isinstance(source, exp.Table) and _is_exact_table(source, graph, tree)


def _is_exact_table(table: exp.Table, graph: Graph, tree: exp.Select) -> bool:
    for cte in tree.find_all(exp.CTE):
        if cte.alias == table.name and all(other is not table for other in cte.find_all(exp.Table)):
            return _is_exact(cte.this, graph, tree)
    model = graph.models.get(table.name)
    if model is None or model.kind != "view":
        return model is not None and model.kind != "fold"
    view = parse_select(model.name, model.sql)
    return _is_exact(view, graph, view)


def _fold_keys(source: exp.Expr, graph: Graph) -> set[str]:
    """What the rows of a fold have in common, whatever a slice brings of them."""
    model = graph.models.get(source.name) if isinstance(source, exp.Table) else None
    return set(fold_of(model).keys) if model is not None and model.kind == "fold" else set()
