"""Row by row: a SELECT whose rows over a slice of the log are its rows over the whole that the slice brings.

It reads one input, or several one below the other (`from (select ... union all select ...)`), and may multiply rows
by a list of literals (`cross join (values (0), (10))`), which is how a row gets several windows.
"""

from collections.abc import Iterator

from sqlglot import exp

from proptech_pipelines.models.model import Model


def row_wise(model: Model, tree: exp.Select) -> Iterator[str]:
    """What in `tree`, the SELECT of `model`, is not row by row; the aggregates of a fold are."""
    branches = united(tree)
    if not branches and len(model.inputs) != 1:
        yield f"{model.kind} reads exactly one input, here {len(model.inputs)}"
    if any(not isinstance(_source(branch), exp.Table) for branch in branches):
        yield "each SELECT of a UNION ALL reads exactly one input"
    if any(not is_literal(join) for join in tree.find_all(exp.Join)):
        yield "a join needs rows of both sides, which a slice does not have"
    for kind, word in ((exp.Distinct, "DISTINCT"), (exp.Having, "HAVING")):
        if tree.find(kind):
            yield f"{word} does not add up over slices"
    if len(list(tree.find_all(exp.Subquery))) > bool(branches) or tree.find(exp.With, exp.Exists):
        yield "a sub-query does not add up over slices"
    if tree.find(exp.Window) or tree.find(exp.Qualify):
        yield "a window function sees more than a slice"
    grouped = [branch for branch in branches if branch.find(exp.Group, exp.AggFunc)]
    if grouped or (model.kind != "fold" and (tree.args.get("group") or tree.find(exp.AggFunc))):
        yield "an aggregate belongs in a fold"


def united(tree: exp.Select) -> list[exp.Select]:
    """The SELECTs of the UNION ALL that stands behind FROM; none if something else does."""
    source = _source(tree)
    found = _branches(source.this) if isinstance(source, exp.Subquery) else []
    return found if len(found) > 1 else []


def is_literal(join: exp.Join) -> bool:
    """Whether `join` is a cross join with a list of literals, so that each row stands for itself."""
    literals = isinstance(join.this, exp.Values) and not join.this.find(exp.Column, exp.Query, exp.Func)
    return literals and join.kind == "CROSS" and not join.side


def tellers(select: exp.Select) -> list[frozenset[str]]:
    """Sets of columns any of which, beside coordinates, tells the rows of `select` apart.

    The empty set is one where it reads a record once, and there is none where nothing that is known does.
    """
    source, found = _source(select), [frozenset[str]()]
    if isinstance(source, exp.Subquery) and isinstance(source.this, exp.SetOperation):
        found = [frozenset({name}) for name in _tags(united(select))]
    for join in select.args.get("joins") or ():
        if is_literal(join):
            found = [columns | {item.name for item in join.this.args["alias"].columns} for columns in found]
    return found


def _tags(branches: list[exp.Select]) -> Iterator[str]:
    """Columns that differ from branch to branch: a literal of each, or the topic's id where inputs differ."""
    for projections in zip(*(branch.expressions for branch in branches), strict=False):
        values = [projection.unalias() for projection in projections]
        literals = {value.sql() for value in values if isinstance(value, exp.Literal)}
        if len(literals) == len(values):
            yield projections[0].alias_or_name
    sources = [_source(branch) for branch in branches]
    if len({source.name for source in sources if isinstance(source, exp.Table)}) == len(sources) > 0:
        yield "topic_id"


def _source(tree: exp.Select) -> exp.Expr | None:
    source = tree.args.get("from_")
    return source.this if isinstance(source, exp.From) else None


def _branches(query: exp.Expr) -> list[exp.Select]:
    """The SELECTs of nested UNION ALLs; none if anything else takes part, a UNION that drops equal rows, say."""
    if isinstance(query, exp.Select):
        return [query]
    if not isinstance(query, exp.Union) or query.args.get("distinct"):
        return []
    left, right = _branches(query.this), _branches(query.expression)
    return [*left, *right] if left and right else []
