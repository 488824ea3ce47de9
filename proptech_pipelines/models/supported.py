"""Refuses what the engine cannot keep right on slices of the log: better a clear error than wrong rows.

What no parser sees (a driver that is not local in time, an unnest that doubles rows) is left to the identity
check of each batch and to the property tests.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.errors import ModelError
from proptech_pipelines.models.conserved import conserves
from proptech_pipelines.models.fold import CastStep, fold_of
from proptech_pipelines.models.graph import GIVEN, Graph
from proptech_pipelines.models.local import function_name, local, views_between
from proptech_pipelines.models.model import COORDINATES, Model, parse_select
from proptech_pipelines.models.row_wise import row_wise
from proptech_pipelines.models.total_order import windows

INCONSISTENT = frozenset(
    "ago current_catalog current_connection_id current_database current_date current_localtime current_localtimestamp "
    "current_query current_query_id current_role current_schema current_schemas current_setting current_time "
    "current_timestamp current_transaction_id current_user current_version currval error gen_random_uuid "
    "get_current_time get_current_timestamp getenv getvariable in_search_path localtime localtimestamp nextval now "
    "pg_conf_load_time pg_postmaster_start_time rand random session_user setseed sleep_ms stats today "
    "transaction_timestamp txid_current user uuid uuidv4 uuidv7 version write_log".split()
)
"""Functions whose value is not a function of the row: the clock, chance, sessions and settings."""
_UNORDERED = frozenset(
    "any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_min arg_min_null "
    "array_agg first group_concat last list listagg max_by min_by mode reservoir_quantile string_agg".split()
)
_POSITIONAL = frozenset(
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number".split()
)
_UNORDERED_NODES = (
    exp.AnyValue,
    exp.ApproxDistinct,
    exp.ArgMax,
    exp.ArgMin,
    exp.ArrayAgg,
    exp.First,
    exp.GroupConcat,
    exp.Last,
    exp.Mode,
)
_CLOCK_NODES = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.CurrentUser, exp.Rand, exp.Uuid)
LOSSY_TYPES = ("HUGEINT", "UHUGEINT", "DOUBLE", "FLOAT")
"""DuckLake's Parquet keeps the wide integers as DOUBLE; sums of floats depend on their order."""

_INTEGERS = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")} | {
    "INTEGER",
    "UINTEGER",
}
_ORDERED = ({*_INTEGERS, "DECIMAL", "FLOAT", "DOUBLE"}, {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"})

Check = Callable[[Model, exp.Select, Graph], Iterator[str]]


def check_model(model: Model, graph: Graph) -> None:
    """Raise ModelError, naming every construct of `model` that its kind cannot keep right."""
    tree = parse_select(model.name, model.sql)
    checks = (_names_columns, *_CHECKS[model.kind])
    problems = [text for check in checks for text in check(model, tree, graph)]
    if model.kind == "fold":
        fold_of(model)
    if problems:
        raise ModelError(
            f"{model.name} ({model.kind}): {'; '.join(problems)}.",
            "rewrite the model, or choose the kind that supports it (docs/models.md).",
            model=model.name,
            problems=problems,
        )


def check_types(model: Model, types: dict[str, str]) -> None:
    """Raise ModelError if a stored column of `model` has a type that does not keep exact values."""
    lossy = [f"{name} {kind}" for name, kind in types.items() if any(word in kind for word in LOSSY_TYPES)]
    if lossy:
        raise ModelError(
            f"{model.name} would store {', '.join(lossy)}.",
            "cast to BIGINT or DECIMAL(38, 0); leave floats to a view above.",
            columns=lossy,
        )


def check_casts(model: Model, steps: Sequence[CastStep], types: dict[str, str]) -> None:
    """Raise ModelError if a cast of a fold's aggregate gives values that do not merge to what the whole would give."""
    wrong = [
        f"{step.column} ({types[step.before]} as {types[step.after]})"
        for step in steps
        if not _merges_after(step.merge, types[step.before], types[step.after])
    ]
    if wrong:
        raise ModelError(
            f"{model.name}: partial results of {', '.join(wrong)} do not add up once they are cast.",
            "sum exact numbers, keep their decimals, and leave other types to a view above.",
            columns=wrong,
        )


def _merges_after(merge: str, before: str, after: str) -> bool:
    if merge == "sum":
        scale, kept = _scale(before), _scale(after)
        return scale is not None and kept is not None and scale <= kept
    # A cast that keeps the order keeps the least and the greatest value.
    return before == after or any(
        all(kind in group for kind in map(_bare, (before, after))) for group in _ORDERED
    )


def _scale(kind: str) -> int | None:
    """Digits behind the point of an exact number, None for any other type."""
    if _bare(kind) in _INTEGERS:
        return 0
    found = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind)
    return int(found[1]) if found else None


def _bare(kind: str) -> str:
    return kind.partition("(")[0]


def _clock(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    for node in tree.find_all(exp.Func):
        name = function_name(node)
        # DuckDB calls age() of one moment consistent; it subtracts from today.
        is_age = name == "age" and len(node.expressions) == 1
        if name in INCONSISTENT or is_age or isinstance(node, _CLOCK_NODES):
            yield f"{name}() is not a function of the log"
    for column in tree.find_all(exp.Column):
        # Called without brackets, these parse as columns.
        if not column.table and column.name.lower() in INCONSISTENT:
            yield f"{column.name} is not a function of the log"


def _order(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    for kind, word in ((exp.Limit, "LIMIT"), (exp.Offset, "OFFSET"), (exp.TableSample, "SAMPLE")):
        if tree.find(kind):
            yield f"{word} picks rows by an order that the log does not give"
    if any(distinct.args.get("on") for distinct in tree.find_all(exp.Distinct)):
        yield "DISTINCT ON picks rows by an order that the log does not give"
    for node in tree.find_all(exp.Func):
        is_unordered = isinstance(node, _UNORDERED_NODES) or function_name(node) in _UNORDERED | _POSITIONAL
        if is_unordered and not _has_order(node):
            yield f"{function_name(node)}() depends on the order of rows or guesses"


def _has_order(node: exp.Func) -> bool:
    """Whether `node` is the function of a window with ORDER BY; whether that is total is for `windows` to say."""
    window = (
        node.parent.parent if isinstance(node.parent, exp.IgnoreNulls | exp.RespectNulls) else node.parent
    )
    return isinstance(window, exp.Window) and window.args.get("order") is not None


def _row_wise(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    yield from row_wise(model, tree)


def _exact_sums(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    for root in graph.roots(model.name):
        if root.kind not in ("staging", "append"):
            yield f"a {model.kind} reads staging or append tables, not {root.name} ({root.kind})"
    for view in views_between(model, graph):
        for text in _row_wise(view, parse_select(view.name, view.sql), graph):
            yield f"in {view.name}, through which it reads, {text}"


def _strict_casts(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    if any(cast.find(exp.AggFunc) for cast in tree.find_all(exp.TryCast)):
        yield "TRY_CAST of an aggregate gives null for what it cannot hold, which partial results leave out"


def _nothing_given(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    for reader in (model, *views_between(model, graph)):
        for name in reader.inputs:
            if name in GIVEN:
                yield f"{name} changes without new rows, so only a view that nothing stores may read it"


def _by_driver_row(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    if not model.driver:
        if unused := [name for name in ("time", "back", "ahead") if getattr(model, name)]:
            yield f"{', '.join(unused)} mean something beside a `driver` only"
        return
    if model.driver not in model.inputs:
        yield f"its driver {model.driver} is none of its inputs"
    if not model.time or model.day_of != model.time:
        yield "with a `driver`, `time` names the event time of every input, and `day_of` the same column"
    lacking = sorted({*COORDINATES, model.time} - set(model.column_names))
    if lacking:
        yield f"the columns lack {', '.join(lacking)}, which name the driver row"


def _settles(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    if model.moment not in model.column_names:
        yield f"its moment {model.moment} is none of its columns"
    staging = {item.name for item in graph.upstream(model.name) if item.kind == "staging"}
    if strange := sorted({name for name, _ in model.reach} - set(model.inputs) - staging):
        yield f"`reach` names {', '.join(strange)}, which it does not read"


def _apart(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    """Inputs are restricted one by one, so that none may stand in another."""
    for other in model.inputs:
        if other in GIVEN or graph[other].kind != "view":
            continue
        within = {item.name for item in (*graph.roots(other), *views_between(graph[other], graph))}
        for name in sorted(within & set(model.inputs)):
            yield f"it reads {name} both itself and through {other}: let a view join them"


def _names_columns(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    if not model.is_stored or "*" in model.column_names:
        return
    for field, names in (
        ("day_of", (model.day_of,)),
        ("identity", model.identity),
        ("moment", (model.moment,)),
    ):
        if lacking := sorted({*names} - {"", *model.column_names}):
            yield f"{field} names {', '.join(lacking)}, which is not among the columns"


def _known_topic(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    names = [item.name for item in INPUT_TOPICS]
    if model.topic not in names:
        yield f"topic {model.topic} is none of {', '.join(names)}"


def _plain_typing(model: Model, tree: exp.Select, graph: Graph) -> Iterator[str]:
    if not model.sql.lower().startswith("select"):
        yield "staging begins with SELECT"
    source = tree.find(exp.Table)
    clauses = [
        name for name in ("joins", "where", "group", "having", "qualify", "distinct") if tree.args.get(name)
    ]
    if (
        source is None
        or source.name != "decoded"
        or clauses
        or tree.find(exp.Subquery, exp.AggFunc, exp.Window)
    ):
        yield "staging is one projection FROM decoded, row by row"


_CHECKS: dict[str, tuple[Check, ...]] = {
    "staging": (_known_topic, _clock, _plain_typing),
    "view": (_clock, _order, windows),
    "append": (_clock, _order, _row_wise, _exact_sums, _nothing_given),
    "fold": (_clock, _order, _row_wise, _exact_sums, _strict_casts, _nothing_given, conserves),
    "recompute": (_clock, _order, windows, local, _by_driver_row, _apart, _nothing_given),
    "settled": (_clock, _order, windows, _settles, _apart, _nothing_given),
}
