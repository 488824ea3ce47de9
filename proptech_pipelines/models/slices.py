"""What a model reads on a slice of the log, as SQL: the definition as it stands, its inputs wrapped around it.

with stg_x as not materialized (<the slice>), view_y as not materialized (<its definition>)
select <columns> from (<the model>)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from proptech_pipelines.models.fold import fold_of
from proptech_pipelines.models.graph import GIVEN, STREAM_TIMES, Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, SIGN_COLUMN, Model

Leaf = Callable[[Model], str]
"""Gives the rows of a staging or stored model as a SELECT."""


@dataclass(frozen=True)
class Slice:
    """Staging rows of the ingest transactions (low, high]."""

    low: int
    high: int
    rows: int = field(default=0, compare=False)
    """How many of them its reader takes in, where that was counted: a hint for how to read them."""

    def where(self) -> str:
        """The condition on the commit number, with literals, so that files are pruned."""
        return f"{COMMIT_COLUMN} > {self.low} and {COMMIT_COLUMN} <= {self.high}"


def wrapped(
    graph: Graph, model: Model, leaf: Leaf, stream_times: str = "", direct: Leaf | None = None
) -> str:
    """`model` over inputs that `leaf` gives; views between are inlined.

    `direct`, if given, has the last word on the inputs that the model names itself.
    """
    ctes: dict[str, str] = {}
    _collect(graph, model, leaf, stream_times, ctes)
    if direct is not None:
        for name in model.inputs:
            if name not in GIVEN:
                ctes[f"{name}__whole"] = ctes.pop(name)
                ctes[name] = direct(graph[name])
    columns = "*" if "*" in model.column_names else ", ".join(model.column_names)
    clauses = ", ".join(f"{name} as not materialized ({sql})" for name, sql in ctes.items())
    return f"with {clauses} select {columns} from ({model.sql}\n)"


def _collect(graph: Graph, model: Model, leaf: Leaf, stream_times: str, ctes: dict[str, str]) -> None:
    for name in model.inputs:
        if name == STREAM_TIMES:
            ctes[name] = stream_times
        elif name not in ctes:
            parent = graph[name]
            if parent.kind == "view":
                _collect(graph, parent, leaf, stream_times, ctes)
                ctes[name] = parent.sql
            else:
                ctes[name] = leaf(parent)


def whole_rows(model: Model, table: str, condition: str = "") -> str:
    """All rows of a stored model from its stored `table`, as readers see them; `condition` on its own columns."""
    where = f" where {condition}" if condition else ""
    columns = ", ".join(model.column_names)
    if model.kind == "fold":
        return fold_of(model).merged(f"{table}{where}")
    if model.kind == "recompute":
        return f"select {columns} from {table}{where} group by all having sum({SIGN_COLUMN}) > 0"
    return f"select {columns} from {table}{where}"


def staged_rows(table: str, condition: str) -> str:
    """Rows of a staging table."""
    return f"select * from {table} where {condition}"


def key_match(key: tuple[str, ...], keys_table: str) -> str:
    """The condition that a row's key is in `keys_table`."""
    names = ", ".join(key)
    return f"({names}) in (select {f'({names})' if len(key) > 1 else names} from {keys_table})"


def same(left: str, right: str, columns: Iterable[str]) -> str:
    """The condition that rows under two aliases agree in `columns`; null is a value like any other."""
    return " and ".join(f"{left}.{name} is not distinct from {right}.{name}" for name in columns)


def inputs_through(graph: Graph, model: Model, root: Model) -> tuple[str, ...]:
    """The inputs of `model` that are `root` or read it through views."""
    return tuple(
        name
        for name in model.inputs
        if name not in GIVEN and (graph[name] is root or root in graph.roots(name))
    )


def input_of(graph: Graph, parent: Model, leaf: Leaf) -> str:
    """The rows of an input as a SELECT."""
    return wrapped(graph, parent, leaf) if parent.kind == "view" else leaf(parent)


def input_with(graph: Graph, parent: Model, leaf: Leaf, root: Model, rows: str) -> str:
    """The rows of an input as a SELECT, were `rows` all rows of `root`."""
    return input_of(graph, parent, lambda model: rows if model is root else leaf(model))


def changed_keys(graph: Graph, model: Model, leaf: Leaf, changed: Model, rows: str) -> str:
    """Keys of the groups of `model` that the new `rows` (a SELECT) of its root `changed` touch."""
    key = ", ".join(model.key)
    return " union ".join(
        f"select {key} from ({input_with(graph, graph[name], leaf, changed, rows)})"
        for name in inputs_through(graph, model, changed)
    )


def all_keys(graph: Graph, model: Model, leaf: Leaf) -> str:
    """Keys of all groups in the inputs of `model`."""
    key = ", ".join(model.key)
    parts = [
        f"select {key} from ({input_of(graph, graph[name], leaf)})"
        for name in model.inputs
        if name not in GIVEN
    ]
    return " union ".join(parts)


def touched_through_reads(model: Model, changed: str, candidates: str) -> str:
    """Keys among `candidates` (a SELECT) whose rows depend on a key in table `changed`."""
    key = model.key[0]
    tests = " or ".join(f"({expression}) in (select {key} from {changed})" for expression in model.reads)
    return f"select {key} from ({candidates}) where {tests} union select {key} from {changed}"


def needed_through_reads(model: Model, touched: str) -> str:
    """Keys that the inputs must give for the groups in table `touched` to come out right."""
    key = model.key[0]
    return " union ".join(f"select ({expression}) as {key} from {touched}" for expression in model.reads)


def difference(columns: tuple[str, ...], old: str, new: str) -> str:
    """The signed change that turns the rows of table `old` into those of table `new`."""
    names = ", ".join(columns)
    return (
        f"select -1 as {SIGN_COLUMN}, * from (select {names} from {old} except select {names} from {new}) "
        f"union all select 1 as {SIGN_COLUMN}, * from (select {names} from {new} except select {names} from {old})"
    )
