"""Total orders: a window must say which of two rows comes first, whatever the rows."""

from collections import Counter
from collections.abc import Iterator

from sqlglot import exp

from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.models.model import Model, parse_select
from proptech_pipelines.models.row_wise import tellers

_COORDINATES = frozenset({"topic_epoch", "kafka_partition", "kafka_offset"})
"""They tell the records of one topic apart, whatever its incarnation."""


def windows(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    """The windows of `tree`, the SELECT of `model`, whose order leaves ties."""
    unique = [set(names) for names in _unique_columns(model, graph)]
    numbers = [{name} for name in _numbers(model, tree, graph)]
    for window in tree.find_all(exp.Window):
        order = window.args.get("order")
        named = {
            column.name
            for item in window.args.get("partition_by") or ()
            for column in item.find_all(exp.Column)
        }
        if order is None:
            continue
        named |= {column.name for column in order.find_all(exp.Column)}
        select = window.find_ancestor(exp.Select)
        apart = [] if select is None else tellers(select)
        names = unique if _is_numbering(window) else unique + numbers
        found = [columns | more for columns in names for more in apart]
        if not any(columns <= named for columns in found):
            wanted = " or ".join(", ".join(sorted(columns)) for columns in found) or "an input's identity"
            yield f"the window ({window.sql('duckdb')[:80]}) has no total order: let it cover {wanted}"


def _numbers(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    """Names under which all rows are numbered, and which mean nothing else in `tree`."""
    if tree.find(exp.SetOperation):
        return
    aliases = list(tree.find_all(exp.Alias))
    named = Counter(item.alias for item in aliases)
    taken = {name for parent in model.inputs if parent not in GIVEN for name in graph[parent].column_names}
    for item in aliases:
        if _is_numbering(item.this) and named[item.alias] == 1 and item.alias not in taken:
            yield item.alias


def _is_numbering(node: object) -> bool:
    """Whether `node` numbers all rows; that their order is total is for `windows` to say, of this window, too."""
    return (
        isinstance(node, exp.Window)
        and isinstance(node.this, exp.RowNumber)
        and not (node.args.get("partition_by") or node.args.get("alias"))
    )


def _unique_columns(model: Model, graph: Graph) -> Iterator[frozenset[str]]:
    for name in model.inputs:
        if name in GIVEN:
            continue
        parent = graph[name]
        if parent.kind == "fold":
            yield frozenset(graph.folds[name].keys)
        elif parent.identity:
            yield frozenset(parent.identity)
        elif parent.kind == "view":
            if frozenset() in tellers(parse_select(parent.name, parent.sql)):
                yield from _unique_columns(parent, graph)
        else:
            yield _COORDINATES
