"""A fold: a GROUP BY whose aggregates merge, so that partial sums of slices add up to the whole."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from sqlglot import exp

from proptech_pipelines.errors import ModelError
from proptech_pipelines.models.model import Column, Model, parse_select

_MERGES: dict[type[exp.Expr], str] = {
    exp.Count: "sum",
    exp.Sum: "sum",
    exp.Min: "min",
    exp.Max: "max",
    exp.LogicalOr: "bool_or",
    exp.LogicalAnd: "bool_and",
}


@dataclass(frozen=True)
class Fold:
    """How partial rows of a fold become whole ones. `merges` are projections, in the order of the columns."""

    keys: tuple[str, ...]
    merges: tuple[str, ...]

    def merged(self, source: str) -> str:
        """A SELECT of the whole rows over the partial rows of `source` (a FROM clause with its filters)."""
        return f"select {', '.join(self.merges)} from {source} group by {', '.join(self.keys)}"


@cache
def fold_of(model: Model) -> Fold:
    """Read keys and merges from the SELECT of a fold.

    A column is a group key, named as it is grouped, or one mergeable aggregate, perhaps under casts.
    Raises ModelError for anything else: a ratio, say, belongs in a view above.
    """
    tree = parse_select(model.name, model.sql)
    group = tree.args.get("group")
    if group is None or group.args.get("all") or group.find(exp.Cube, exp.Rollup, exp.GroupingSets):
        raise ModelError(f"{model.name}: a fold needs GROUP BY with its keys by name.", "name the keys.")
    grouped = [item.sql("duckdb") for item in group.expressions]
    keys: list[str] = []
    merges: list[str] = []
    for projection in tree.expressions:
        name, inner = projection.alias_or_name, projection.unalias()
        if inner.sql("duckdb", comments=False) in grouped or name in grouped:
            keys.append(name)
            merges.append(name)
        else:
            merges.append(f"{_merge(model.name, name, inner)} as {name}")
    if len(keys) != len(grouped):
        raise ModelError(f"{model.name}: not every key of GROUP BY is a column.", "select each key once.")
    return Fold(tuple(keys), tuple(merges))


@dataclass(frozen=True)
class CastStep:
    """One cast of an aggregate: the columns of `with_casts_apart` before and after it."""

    column: str
    merge: str
    before: str
    after: str


def with_casts_apart(model: Model) -> tuple[Model, list[CastStep]]:
    """`model` with, besides keys, a column for each value on the way from an aggregate through its casts; the casts."""
    tree = parse_select(model.name, model.sql)
    keys = fold_of(model).keys
    columns: list[exp.Expr] = []
    steps: list[CastStep] = []
    for projection in tree.expressions:
        name = projection.alias_or_name
        if name in keys:
            columns.append(projection)
            continue
        casts, aggregate = _uncast(projection.unalias())
        values = [*casts, aggregate]
        names = [f"{name}__{number}" for number in range(len(values))]
        columns += [exp.alias_(value.copy(), alias) for value, alias in zip(values, names, strict=True)]
        merge = _MERGES[type(aggregate)]
        steps += [CastStep(name, merge, before, after) for after, before in pairwise(names)]
    tree.set("expressions", columns)
    return replace(
        model, sql=tree.sql("duckdb"), columns=tuple(Column(item.alias_or_name, "") for item in columns)
    ), steps


def _uncast(expression: exp.Expr) -> tuple[list[exp.Cast], exp.Expr]:
    """The casts around an expression, the outermost first, and what stands in them."""
    casts: list[exp.Cast] = []
    while isinstance(expression, exp.Cast):
        casts.append(expression)
        expression = expression.this
    return casts, expression


def _merge(model: str, column: str, expression: exp.Expr) -> str:
    around, expression = _uncast(expression)
    casts = [cast.to.sql("duckdb") for cast in around]
    merge = _MERGES.get(type(expression))
    if merge is None or isinstance(expression.this, exp.Distinct):
        raise ModelError(
            f"{model}: column {column} is neither a key nor a count, sum, min, max or bool aggregate: "
            f"partial results of {expression.sql('duckdb')} do not add up.",
            "keep mergeable sums here and put the rest into a view above.",
        )
    merged = f"{merge}({column})"
    # DuckDB widens a sum of BIGINT to HUGEINT, which the lake's Parquet would keep as DOUBLE.
    if isinstance(expression, exp.Count):
        casts = casts or ["BIGINT"]
    for kind in reversed(casts):
        merged = f"cast({merged} as {kind})"
    return merged
