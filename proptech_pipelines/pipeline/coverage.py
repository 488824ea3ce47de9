"""What is not covered: families behind the log, generations half built or kept, days that lack rows, found cheaply.

Cheap means: of each stored table two counts by day, one of the rows by the log and one of those stored, or of what a
fold counts. No row is kept or compared, so one that is there with a wrong value is not found: for that there is a
backfill's dry run, and the check `replay_equals_stream_<family>`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from proptech_pipelines.engines.session import Session
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.transactions import snapshot
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import COMMIT_COLUMN, Model
from proptech_pipelines.pipeline.advance import FamilyPosition, family_position
from proptech_pipelines.pipeline.checks import CheckResult
from proptech_pipelines.pipeline.compare import rows_by_log

PATIENCE_SECONDS = 600
"""A family that has left rows unread for longer is halted, or no stream runs."""


@dataclass(frozen=True)
class Behind:
    """A family that has not read all: transactions of the ingest and staged rows that wait, the oldest for so long."""

    family: str
    transactions: int
    rows: int
    since: datetime
    seconds: int

    @property
    def is_halted(self) -> bool:
        """Whether it waits for longer than a stream run would let it."""
        return self.seconds > PATIENCE_SECONDS


@dataclass(frozen=True)
class OtherGeneration:
    """A generation that is not live: half built or taken back, up to ingest transaction `input_commit` of `head`, or
    retired."""

    table: str
    generation: int
    state: str
    input_commit: int
    head: int


@dataclass(frozen=True)
class UncoveredDay:
    """A day on which the live generation of a table has more or fewer rows than the log gives.

    Of a fold they are what it counts, where it says so in `conserves`.
    """

    table: str
    generation: int
    day: date
    by_log: int
    stored: int


def families_behind(con: Connection, graph: Graph, families: Sequence[str]) -> list[Behind]:
    """Those of `families` for which staged rows wait, from the ledger alone."""
    found: list[Behind] = []
    for family in families:
        topics = ", ".join(f"'{model.topic}'" for model in graph.staging_of(family))
        row = con.execute(
            "select count(distinct r.commit_number), coalesce(sum(r.staged), 0), min(l.committed_at), "
            "cast(epoch(now() at time zone 'UTC' - min(l.committed_at)) as bigint) "
            "from log_ranges as r inner join ledger as l on l.writer = 'ingest' "
            "and l.commit_number = r.commit_number "
            f"where r.staged > 0 and r.topic in ({topics}) "
            f"and r.commit_number > {family_position(con, family).input_commit}"
        ).fetchone()
        if row is not None and row[0]:
            found.append(Behind(family, row[0], int(row[1]), row[2], row[3]))
    return found


def other_generations(con: Connection) -> list[OtherGeneration]:
    """The generations that are not live, from the ledger alone."""
    rows = con.execute(
        """
        select g.table_name, g.generation, g.state, coalesce(max(l.input_commit), 0),
            (select coalesce(max(commit_number), 0) from ledger where writer = 'ingest')
        from generations as g left join ledger as l on l.writer = g.family || '__' || g.generation
        where g.state <> 'live' group by all order by all"""
    ).fetchall()
    return [OtherGeneration(*row) for row in rows]


def uncovered_days(con: Connection, graph: Graph, family: str) -> list[UncoveredDay]:
    """Days on which a stored table of `family` has not as many rows as the log gives at the family's own cut."""
    with snapshot(con):
        position = family_position(con, family)
        session = Session(con, graph, family)
        return [
            UncoveredDay(model.name, model.generation, *row)
            for model in graph.stored(family)
            for row in con.execute(_differing_counts(session, model, position)).fetchall()
        ]


def family_is_covered(con: Connection, family: str) -> CheckResult:
    """The family is not halted, and no day of its tables lacks rows or has too many, by their number."""
    graph = live_graph(con)
    halted = [item for item in families_behind(con, graph, [family]) if item.is_halted]
    days = uncovered_days(con, graph, family)
    failures = [*map(str, halted), *map(str, days)]
    return CheckResult(not failures, len(graph.stored(family)), len(failures), tuple(failures[:5]))


def _differing_counts(session: Session, model: Model, position: FamilyPosition) -> str:
    at_cut = f"{COMMIT_COLUMN} <= {position.commit_number}"
    stored = slices.whole_rows(model, f"lake.{model.table}", at_cut)

    def by_log(item: Model) -> str:
        return rows_by_log(session, item, position, None, by_log)

    rule = model.conserves
    count = f"sum({rule.count})" if rule is not None and rule.count else "count(*)"
    by_day = f"select cast({model.day_of} as date) as day, cast({count} as bigint) as rows"
    return (
        f"with by_log as ({by_day} from ({by_log(model)}) group by day), "
        f"kept as ({by_day} from ({stored}) group by day) "
        "select day, coalesce(by_log.rows, 0) as expected, coalesce(kept.rows, 0) as found "
        "from by_log full join kept using (day) where by_log.rows is distinct from kept.rows order by day"
    )
