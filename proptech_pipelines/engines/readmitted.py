"""Re-admissions: what late records add to a fold, what that changes, and a fold as it is without them.

A re-admission is a transaction of the ingest's side. In the fold that it names, its records count from then on in the
windows that they had missed; in the windows in which they were in time they have counted all along. Settled tables
leave re-admissions out: what they decide rests on rows that were in time.
"""

from collections.abc import Sequence

from proptech_pipelines.engines.session import Session
from proptech_pipelines.models import slices
from proptech_pipelines.models.conserved import FLAG, is_readmittable
from proptech_pipelines.models.model import COMMIT_COLUMN, COORDINATES, Model

_TABLE = "lake.readmissions"


def readmissions_in(session: Session, fold: Model, part: slices.Slice) -> list[int]:
    """The ingest transactions of `part` that re-admitted records to `fold`, ascending."""
    if not is_readmittable(fold):
        return []
    numbers = session.memory.readmissions(session.con).get(fold.name, ())
    return [number for number in numbers if part.low < number <= part.high]


def add_readmitted(session: Session, fold: Model, part: slices.Slice, commit_number: int) -> list[str]:
    """Add to `delta_<fold>`, which holds the rows of `part`, what re-admissions in `part` add.

    What each of them changes becomes revisions under the family's `commit_number`: the temporary tables that hold
    them.
    """
    before: list[str] = []
    revised: list[str] = []
    for number in readmissions_in(session, fold, part):
        name = f"readmitted_{fold.name}_{number}"
        session.temporary(
            name, readmitted_rows(session, fold, fold, part.high, f"{COMMIT_COLUMN} = {number}")
        )
        revised.append(_revise(session, fold, part, number, before, commit_number))
        before.append(name)
    for name in before:
        session.con.execute(f"insert into delta_{fold.name} by name from {name}")
    return revised


def readmitted_rows(session: Session, fold: Model, model: Model, high: int, condition: str) -> str:
    """The rows of `model`, the fold or its view of rows, over what re-admissions with `condition` let in.

    These are late rows up to ingest transaction `high`, with the flag taken off.
    """
    bounds = _restrict(session, fold, condition)
    key = slices.key_match(COORDINATES, "readmitted")

    def leaf(root: Model) -> str:
        if root.kind == "staging":
            return session.staged(root, f"{COMMIT_COLUMN} <= {high}{bounds} and {key}")
        return slices.whole_rows(root, session.stored(root))

    assert fold.conserves is not None
    rows = fold.conserves.rows
    if model is fold:
        return slices.wrapped(
            session.graph, fold, leaf, direct=lambda view: _let_in(f"{view.name}__whole", key)
        )
    return _let_in(f"({slices.wrapped(session.graph, session.graph[rows], leaf)})", key)


def taken_off(session: Session, fold: Model, high: int) -> slices.Leaf | None:
    """For `slices.wrapped`: the fold's input with the flag taken off all that was re-admitted up to `high`.

    None if nothing was.
    """
    if not readmissions_in(session, fold, slices.Slice(0, high)):
        return None
    columns = ", ".join(COORDINATES)
    records = f"(select {columns} from {_TABLE} where {_of(fold)} and {COMMIT_COLUMN} <= {high})"
    key = slices.key_match(COORDINATES, records)
    return lambda view: f"select * replace ({FLAG} and not {key} as {FLAG}) from {view.name}__whole"


def without_readmissions(session: Session, leaf: slices.Leaf, high: int, since: str = "") -> slices.Leaf:
    """`leaf`, which gives stored folds up to `high`, with their groups as they are without re-admissions.

    `since`, if given, is an expression: records with an event time below it are in groups that do not matter.
    """

    def decided(root: Model) -> str:
        if not readmissions_in(session, root, slices.Slice(0, high)):
            return leaf(root)
        condition = f"{COMMIT_COLUMN} <= {high}"
        if since and root.reach_days:
            # A group lies within `reach_days` of its records.
            condition += (
                f" and (event_time is null or event_time >= {since} - interval {root.reach_days + 1} day)"
            )
        rows = readmitted_rows(session, root, root, high, condition)
        if not session.count("readmitted"):
            return leaf(root)
        groups = f"readmitted_groups_{root.name}"
        keys = session.graph.folds[root.name].keys
        session.temporary(groups, f"select distinct {', '.join(keys)} from ({rows})")
        plain = slices.wrapped(session.graph, root, _near_readmitted(session, root, high))
        return f"{_joined('anti', leaf(root), groups, keys)} union all {_joined('semi', plain, groups, keys)}"

    return decided


def _let_in(rows: str, key: str) -> str:
    return f"select * replace (false as {FLAG}) from {rows} where {FLAG} and {key}"


def _revise(
    session: Session, fold: Model, part: slices.Slice, number: int, earlier: Sequence[str], commit_number: int
) -> str:
    """The temporary table of the groups that re-admission `number` touches, as they are by the log below it and
    with it."""
    keys, merged = session.graph.folds[fold.name].keys, session.graph.folds[fold.name].merged
    touched, columns = f"readmitted_{fold.name}_{number}", ", ".join(fold.column_names)
    known = [f"select {columns} from lake.{fold.table}", f"from ({_below(session, fold, number)})"]
    known += [f"select {columns} from {name}" for name in earlier]
    was = _joined("semi", " union all ".join(known), touched, keys)
    row = _json("r", fold.column_names)
    revised = f"revised_{fold.name}_{number}"
    session.temporary(
        revised,
        f"""
        with known as ({was}),
        as_was as ({merged("known")}),
        as_is as ({merged(f"(from known union all select {columns} from {touched})")})
        select {commit_number}, {fold.generation}, '{fold.name}',
            (select max(control_number) from {_TABLE} where {COMMIT_COLUMN} = {number}),
            {_json("i", keys)}, (select {row} from as_was as r where {slices.same("r", "i", keys)}),
            {_json("i", fold.column_names)}, now() at time zone 'UTC'
        from as_is as i
        order by all""",
    )
    return revised


def _below(session: Session, fold: Model, number: int) -> str:
    """What the rows of the slice below ingest transaction `number` add."""

    def leaf(root: Model) -> str:
        if root.kind == "staging":
            return f"select * from ({session.delta(root)}) where {COMMIT_COLUMN} < {number}"
        return slices.wrapped(session.graph, root, leaf)

    return slices.wrapped(session.graph, fold, leaf)


def _near_readmitted(session: Session, fold: Model, high: int) -> slices.Leaf:
    """All rows up to `high` that can be in one group with the records in table `readmitted`."""
    bounds = _bounds(session, 2 * fold.reach_days + 1) if fold.reach_days else ""

    def leaf(root: Model) -> str:
        if root.kind == "staging":
            return session.staged(root, f"{COMMIT_COLUMN} <= {high}{bounds}")
        return slices.whole_rows(root, session.stored(root))

    return leaf


def _restrict(session: Session, fold: Model, condition: str) -> str:
    """Put the records of re-admissions with `condition` into table `readmitted`; their bounds of event time."""
    session.temporary(
        "readmitted",
        f"select {', '.join(COORDINATES)}, event_time from {_TABLE} where {_of(fold)} and {condition}",
    )
    return _bounds(session, 0)


def _bounds(session: Session, days: int) -> str:
    """The condition, with literals so that files are left out, of lying within `days` of table `readmitted`."""
    found = session.literals("event_time", "readmitted")
    if found is None or session.count("readmitted where event_time is null"):
        return ""
    return (
        f" and event_time >= timestamp '{found[0]}' - interval {days} day"
        f" and event_time <= timestamp '{found[1]}' + interval {days} day"
    )


def _of(fold: Model) -> str:
    return f"table_name = '{fold.name}'"


def _joined(kind: str, rows: str, groups: str, keys: Sequence[str]) -> str:
    """The rows that are in the `groups` of a table (semi), or are not (anti); null is a key like any other."""
    return f"select r.* from ({rows}) as r {kind} join {groups} as g on {slices.same('r', 'g', keys)}"


def _json(alias: str, columns: Sequence[str]) -> str:
    fields = ", ".join(f"{name} := {alias}.{name}" for name in columns)
    return f"cast(to_json(struct_pack({fields})) as varchar)"
