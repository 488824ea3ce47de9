"""How one SELECT differs from another: in its rows, or only in single columns.

Careful rather than clever: whatever is not plainly known to leave rows alone counts as a change of rows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from sqlglot import exp

from proptech_pipelines.models.fingerprint import canonical
from proptech_pipelines.models.names import has_star, is_star, joined_by_name, names_read, outer_star

_CLAUSES = {
    "from_": "FROM",
    "joins": "JOIN",
    "laterals": "LATERAL",
    "where": "WHERE",
    "group": "GROUP BY",
    "having": "HAVING",
    "qualify": "QUALIFY",
    "windows": "WINDOW",
    "distinct": "DISTINCT",
    "order": "ORDER BY",
    "limit": "LIMIT",
    "offset": "OFFSET",
    "sample": "SAMPLE",
}
_APART = {"expressions", "with_"}
_MULTIPLIES = (exp.Explode, exp.Unnest, exp.Posexplode, exp.Inline)


@dataclass
class SelectChange:
    """What differs. Any text in `rows` means that existing rows may differ, there may be more of them or fewer."""

    rows: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    changed: dict[str, str] = field(default_factory=dict[str, str])
    """Columns whose expression changed, and how."""
    added: list[str] = field(default_factory=list[str])


def compare_selects(old: exp.Select, new: exp.Select) -> SelectChange:
    """What differs from `old` to `new`; nothing where only layout and comments do."""
    found = SelectChange()
    if canonical(old) == canonical(new):
        return found
    for name in sorted({*old.args, *new.args} - _APART):
        if _text(old.args.get(name)) != _text(new.args.get(name)):
            found.rows.append(f"{_CLAUSES.get(name, name)} changed")
    _compare_ctes(old, new, found)
    _compare_columns(old, new, found)
    if found.rows or found.removed or found.changed or found.added:
        return found
    found.rows.append("the SQL changed")
    return found


def depends_on_column_set(tree: exp.Select) -> bool:
    """Whether rows could depend on which columns an input has: `*` in UNION or DISTINCT, NATURAL JOIN, whole rows."""
    if next(tree.find_all(exp.Columns), None) is not None:
        return True
    if any(has_star(item) for item in tree.find_all(exp.SetOperation)):
        return True
    if any(join.args.get("method") == "NATURAL" for join in tree.find_all(exp.Join)):
        return True
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        if (select.args.get("distinct") or (group and group.args.get("all"))) and has_star(select):
            return True
    sources = {table.alias_or_name.lower() for table in tree.find_all(exp.Table, exp.Subquery, exp.CTE)}
    return any(not item.table and item.name.lower() in sources for item in tree.find_all(exp.Column))


def names_that_capture(tree: exp.Select) -> frozenset[str]:
    """Names, in small letters, that would mean something else or be ambiguous if an input had a column of that name.

    A qualified column cannot be captured: its input had no such column before.
    """
    found = {item.name.lower() for item in tree.find_all(exp.Column) if not item.table}
    found |= {item.table.lower() for item in tree.find_all(exp.Column) if item.table}
    found |= {item.alias.lower() for item in tree.find_all(exp.Alias)}
    found |= {table.alias_or_name.lower() for table in tree.find_all(exp.Table, exp.Subquery, exp.CTE)}
    return frozenset(found | joined_by_name(tree))


def affected_by(tree: exp.Select, names: Iterable[str]) -> tuple[bool, set[str]]:
    """What changes in the result when the input columns, or own columns, `names` change.

    Whether rows may change, and which columns of the SELECT do (names as they are written).
    """
    changed = {name.lower() for name in names}
    columns: dict[str, str] = {}
    multiplies = False
    grew = True
    while grew:  # a column may be computed from another by its name
        grew = False
        for projection in tree.expressions:
            name = projection.alias_or_name
            if name.lower() not in columns and names_read(projection.unalias()) & changed:
                columns[name.lower()] = name
                changed.add(name.lower())
                multiplies = multiplies or next(projection.find_all(*_MULTIPLIES), None) is not None
                grew = True
    rest = tree.copy()
    rest.set("expressions", [exp.Star()])
    rows = multiplies or bool(names_read(rest) & changed) or bool(tree.args.get("distinct") and columns)
    return rows or depends_on_column_set(tree), set(columns.values())


def _compare_ctes(old: exp.Select, new: exp.Select, found: SelectChange) -> None:
    before, after = (_ctes(tree) for tree in (old, new))
    if _heads(old) != _heads(new):
        found.rows.append("WITH has other parts")
        return
    for name, tree in before.items():
        other = after[name]
        if canonical(tree) == canonical(other):
            continue
        if not isinstance(tree, exp.Select) or not isinstance(other, exp.Select):
            found.rows.append(f"{name} in WITH changed")
            continue
        inner = compare_selects(tree, other)
        found.rows += [f"in {name}, {text}" for text in inner.rows]
        found.rows += [f"in {name}, column {item} changed" for item in (*inner.removed, *inner.changed)]
        if not inner.added:
            continue
        taken = names_that_capture(old)
        stars = outer_star(old) or any(has_star(item) for key, item in before.items() if key != name)
        if stars or depends_on_column_set(old) or any(item.lower() in taken for item in inner.added):
            found.rows.append(f"{name} in WITH has other columns, on which rows may depend")


def _compare_columns(old: exp.Select, new: exp.Select, found: SelectChange) -> None:
    before, after = (list(_columns(tree)) for tree in (old, new))
    names, others = [name for name, _ in before], [name for name, _ in after]
    if len(set(names)) < len(names) or len(set(others)) < len(others):
        if before != after:
            found.rows.append("two columns bear one name")
        return
    expressions = dict(after)
    for name, item in before:
        if name not in expressions:
            found.removed.append(name)
            _check_column(old, item, found, name)
        elif canonical(item) != canonical(expressions[name]):
            was, now = canonical(item), canonical(expressions[name])
            found.changed[name] = f"its expression `{was}` became `{now}`"
            _check_column(old, item, found, name)
            _check_column(old, expressions[name], found, name)
    if [name for name in others if name in names] != [name for name in names if name in others]:
        found.rows.append("columns stand in another order")
    found.added += [name for name in others if name not in names]
    stars = {canonical(item) for tree in (old, new) for item in tree.expressions if is_star(item)}
    if stars & {*found.added, *found.removed}:
        found.rows.append("* takes other columns")
        found.added = [name for name in found.added if name not in stars]
        found.removed = [name for name in found.removed if name not in stars]
    for name in found.added:
        _check_column(old, expressions[name], found, name)
        if name.lower() in names_that_capture(old) and canonical(expressions[name]).lower() != name.lower():
            found.rows.append(f"the name of the new column {name} is used for something else")
    _check_distinct(old, new, found)
    if _is_one_row(old) != _is_one_row(new):
        found.rows.append("only one of both makes one row of all")
    if others[: len(names)] != names and _counts_positions(old):
        found.rows.append("columns named by their position moved")


def _check_distinct(old: exp.Select, new: exp.Select, found: SelectChange) -> None:
    group = new.args.get("group")
    touched = found.removed or found.changed or found.added
    if touched and (old.args.get("distinct") or new.args.get("distinct")):
        found.rows.append("DISTINCT is over other columns")
    if touched and group and group.args.get("all"):
        found.rows.append("GROUP BY ALL is over other columns")


def _check_column(old: exp.Select, expression: exp.Expr, found: SelectChange, name: str) -> None:
    """Tell of a column that makes rows more or fewer."""
    if next(expression.find_all(*_MULTIPLIES), None) is not None:
        found.rows.append(f"column {name} multiplies rows")
    unknown = sorted({item.name for item in expression.find_all(exp.Anonymous)})
    if unknown and not old.args.get("group"):
        found.rows.append(f"column {name} calls {', '.join(unknown)}, which may aggregate or multiply rows")


def _is_one_row(tree: exp.Select) -> bool:
    return not tree.args.get("group") and any(_aggregates(item) for item in tree.expressions)


def _aggregates(expression: exp.Expr) -> bool:
    return any(
        not isinstance(item.parent, exp.Window)
        and item.find_ancestor(exp.Select) is expression.find_ancestor(exp.Select)
        for item in expression.find_all(exp.AggFunc)
    )


def _counts_positions(tree: exp.Select) -> bool:
    clauses = [tree.args.get("group"), tree.args.get("order")]
    items = [item for clause in clauses if clause for item in clause.expressions]
    items += [item.this for item in items if isinstance(item, exp.Ordered)]
    return any(isinstance(item, exp.Literal) and item.is_int for item in items)


def _columns(tree: exp.Select) -> Iterator[tuple[str, exp.Expr]]:
    for item in tree.expressions:
        yield (canonical(item) if is_star(item) else item.alias_or_name, item.unalias())


def _ctes(tree: exp.Select) -> dict[str, exp.Expr]:
    clause = tree.args.get("with_")
    return {item.alias: item.this for item in clause.expressions} if clause else {}


def _heads(tree: exp.Select) -> list[str]:
    """What WITH says of its parts besides their SELECT: their names, perhaps those of columns, recursion."""
    clause = tree.args.get("with_")
    if not clause:
        return []
    return [
        str(bool(clause.args.get("recursive"))),
        *(canonical(item.args["alias"]) for item in clause.expressions),
    ]


def _text(value: object) -> str:
    """A clause in its one spelling; `value` is an argument of a syntax node."""
    if isinstance(value, list):
        return "; ".join(_text(item) for item in cast("list[object]", value))
    return canonical(value) if isinstance(value, exp.Expr) else str(value or "")
