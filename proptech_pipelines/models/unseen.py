"""Views below a recompute: the groups that a slice touches are read from the view as if the slice were all there is.

So a view may leave no row out by what other rows make of it: of a total of three, the slice may bring one. A column
*moves* if a slice shows it otherwise than the whole does: an aggregate, a window, a fold's sum, what is joined in by an
outer join. A condition may only name columns that do not move, or the key, which names the group itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from proptech_pipelines.models.fold import fold_of
from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.models.model import Model, parse_select
from proptech_pipelines.models.names import is_star


@dataclass(frozen=True)
class _Scope:
    """What names of tables mean: models, or common table expressions that were defined before."""

    graph: Graph
    ctes: Mapping[str, tuple[exp.Expr, "_Scope"]] = field(
        default_factory=dict[str, tuple[exp.Expr, "_Scope"]]
    )

    def within(self, query: exp.Expr) -> "_Scope":
        """The same with what `query` defines."""
        scope, clause = self, query.args.get("with_")
        for cte in clause.expressions if clause is not None else ():
            scope = _Scope(self.graph, {**scope.ctes, cte.alias: (cte.this, scope)})
        return scope

    def behind(self, source: exp.Expr) -> "tuple[exp.Expr | Model | None, _Scope]":
        """The query or stored model that a part of a query stands for, and the scope inside of it.

        None for a list of literals, and for what no model is.
        """
        if isinstance(source, exp.Select | exp.SetOperation):
            return source, self.within(source)
        if isinstance(source, exp.Subquery):
            return self.behind(source.this)
        if not isinstance(source, exp.Table):
            return None, self
        if source.name in self.ctes:
            definition, scope = self.ctes[source.name]
            return scope.behind(definition)
        model = self.graph.models.get(source.name)
        if model is not None and model.kind == "view":
            return _Scope(self.graph).behind(parse_select(model.name, model.sql))
        return model, self


@dataclass(frozen=True)
class _Moving:
    """Names of columns that move; `everything` stands for all of them."""

    names: frozenset[str] = frozenset()
    everything: bool = False

    def __contains__(self, name: str) -> bool:
        return self.everything or name in self.names

    def __or__(self, other: "_Moving") -> "_Moving":
        return _Moving(self.names | other.names, self.everything or other.everything)


_STEADY, _ALL = _Moving(), _Moving(everything=True)


def unseen(view: Model, key: frozenset[str], graph: Graph) -> Iterator[str]:
    """What in `view` may leave out rows of a slice that are rows of the whole; `key` names groups of its reader."""
    yield from _problems(parse_select(view.name, view.sql), _Scope(graph), key)


def _problems(query: exp.Expr, outer: _Scope, key: frozenset[str]) -> Iterator[str]:
    scope = outer.within(query)
    for name, definition in scope.ctes.items():
        if definition is not outer.ctes.get(name):
            yield from _problems(*definition, key)
    if isinstance(query, exp.Subquery):
        yield from _problems(query.this, scope, key)
    elif isinstance(query, exp.SetOperation):
        if isinstance(query, exp.Except):
            yield "EXCEPT leaves out rows that a slice does not show"
        if isinstance(query, exp.Intersect):
            yield from _meeting([query.left, query.right], scope, "INTERSECT")
        for side in (query.left, query.right):
            yield from _problems(side, scope, key)
    elif isinstance(query, exp.Select):
        yield from _problems_of_select(query, scope, key)


def _problems_of_select(select: exp.Select, scope: _Scope, key: frozenset[str]) -> Iterator[str]:
    joins: list[exp.Join] = select.args.get("joins") or []
    sources = _sources(select)
    if any(join.kind == "ANTI" for join in joins):
        yield "ANTI JOIN leaves out rows that a slice does not show"
    yield from _meeting(sources, scope, "a join")
    near = {source.alias_or_name: _moving(source, scope) for source in sources}
    visible, own = _visible(select, scope), _moving_of_select(select, scope)
    # A condition may name a column of the result, too, but for WHERE one of a source comes first.
    hidden = set[str]().union(*(_named(source, scope) for source in sources))
    conditions = [(join.args.get("on"), near) for join in joins]
    conditions.append((select.args.get("where"), {**visible, "": _Moving(own.names - hidden)}))
    conditions += [(select.args.get(name), {**visible, "": own}) for name in ("having", "qualify")]
    moving: set[str] = set()
    for condition, columns in conditions:
        if condition is None:
            continue
        moving |= {column.name for column in condition.find_all(exp.Column) if _moves(column, columns)} - key
        moving |= {node.sql("duckdb") for node in condition.find_all(exp.AggFunc, exp.Window)}
    if moving:
        yield (
            f"a condition on {', '.join(sorted(moving))} may leave out a group that a slice changes: "
            "put it into the model itself, or into a view above"
        )
    for source in sources:
        if isinstance(source, exp.Subquery):
            yield from _problems(source.this, scope, key)


def _meeting(sources: list[exp.Expr], scope: _Scope, what: str) -> Iterator[str]:
    """Two sides that read one table: the slice would stand on both, and a new row would not meet those before it."""
    seen: set[str] = set()
    for source in sources:
        roots = _roots(source, scope)
        if both := sorted(seen & roots):
            yield f"{what} of {', '.join(both)} with itself sees new rows alone: join in the model itself"
        seen |= roots


def _roots(source: exp.Expr, scope: _Scope) -> set[str]:
    """Names of the models that nothing inlines, from which the rows of `source` come."""
    found, inner = scope.behind(source)
    if isinstance(found, exp.Select):
        return set[str]().union(*(_roots(item, inner) for item in _sources(found)))
    if isinstance(found, exp.SetOperation):
        return _roots(found.left, inner) | _roots(found.right, inner)
    return {found.name} - GIVEN.keys() if isinstance(found, Model) else set()


def _sources(select: exp.Select) -> list[exp.Expr]:
    """What stands in FROM and in the joins."""
    clauses = [select.args.get("from_"), *(select.args.get("joins") or ())]
    return [item.this for item in clauses if item is not None]


def _visible(select: exp.Select, scope: _Scope) -> dict[str, _Moving]:
    """What moves in each source, as WHERE and the columns see it: the far side of an outer join may be null for now."""
    found: dict[str, _Moving] = {}
    source = select.args.get("from_")
    if source is not None:
        found[source.this.alias_or_name] = _moving(source.this, scope)
    for join in select.args.get("joins") or ():
        if join.side in ("RIGHT", "FULL"):
            found = dict.fromkeys(found, _ALL)
        is_far = join.side in ("LEFT", "FULL")
        found[join.this.alias_or_name] = _ALL if is_far else _moving(join.this, scope)
    return found


def _moving(source: exp.Expr, scope: _Scope) -> _Moving:
    """The columns of `source` that move."""
    found, inner = scope.behind(source)
    if isinstance(found, exp.Select):
        return _moving_of_select(found, inner)
    if isinstance(found, exp.SetOperation):
        return _moving(found.left, inner) | _moving(found.right, inner)
    if isinstance(found, Model) and found.kind == "fold":
        return _Moving(frozenset(found.column_names) - frozenset(fold_of(found).keys))
    return _STEADY


def _moving_of_select(select: exp.Select, scope: _Scope) -> _Moving:
    visible = _visible(select, scope)
    names: set[str] = set()
    found = _STEADY
    for projection in select.expressions:
        if is_star(projection):
            table = projection.table if isinstance(projection, exp.Column) else ""
            found |= visible[table] if table in visible else _union(visible)
        elif projection.find(exp.AggFunc, exp.Window, exp.Query) or any(
            _moves(column, visible) for column in projection.find_all(exp.Column)
        ):
            names.add(projection.alias_or_name)
    return found | _Moving(frozenset(names))


def _union(visible: Mapping[str, _Moving]) -> _Moving:
    found = _STEADY
    for item in visible.values():
        found |= item
    return found


def _named(source: exp.Expr, scope: _Scope) -> set[str]:
    """Names of the columns of `source`, as far as they are written down."""
    found, inner = scope.behind(source)
    if isinstance(found, exp.Select):
        return {item.alias_or_name for item in found.expressions}
    if isinstance(found, exp.SetOperation):
        return _named(found.left, inner)
    return set(found.column_names) if isinstance(found, Model) else set()


def _moves(column: exp.Column, visible: Mapping[str, _Moving]) -> bool:
    if column.table and column.table in visible:
        return column.name in visible[column.table]
    return any(column.name in item for item in visible.values())
