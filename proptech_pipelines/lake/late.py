"""Late rows: those that can be re-admitted, chosen for it, and what there are of them all."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.connection import Connection, quoted, scalar
from proptech_pipelines.lake.stream_times import TOPIC_IDS_SQL
from proptech_pipelines.models import slices
from proptech_pipelines.models.conserved import is_readmittable
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import COORDINATES, Model

CHOSEN = "chosen_late"
"""Temporary table of chosen records: table_name, topic, topic_id, partition, offset, event_time, windows missed."""


@dataclass(frozen=True)
class Choice:
    """Which late records to choose; all that is given must hold.

    `table` is a fold. `since` and `until` are aware moments, [since, until), and compared with event times.
    """

    table: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def where(self) -> str:
        """The condition on a row of a table of late rows with its topic."""
        found = ["true"]
        if self.topic is not None:
            found.append(f"topic = '{quoted(self.topic)}'")
        for word, at in ((">=", self.since), ("<", self.until)):
            if at is not None:
                found.append(f"event_time {word} timestamp '{at.astimezone(UTC).replace(tzinfo=None)}'")
        return " and ".join(found)


@dataclass(frozen=True)
class LateRows:
    """Late rows of one table, topic and day of event time; `least_ms` to `most_ms` is how late they came."""

    table: str
    topic: str
    day: date
    rows: int
    readmitted: int
    least_ms: int
    median_ms: int
    most_ms: int


def readmittable(graph: Graph, table: str | None = None) -> list[Model]:
    """The folds of `graph` to which late records can be re-admitted, or `table` alone. Raises SettingsError for another
    table."""
    found = {model.name: model for model in graph.market if is_readmittable(model)}
    if table is None:
        return list(found.values())
    if table not in found:
        raise SettingsError(
            f"Late rows cannot be re-admitted to {table}.", f"name one of {', '.join(sorted(found))}."
        )
    return [found[table]]


def choose(con: Connection, graph: Graph, choice: Choice, limit: int | None = None) -> int:
    """Put the first `limit` late records of `choice` that were not re-admitted yet into `CHOSEN`; how many there are.

    They are ordered by table, topic and coordinates. Raises SettingsError as `readmittable`.
    """
    parts = [_waiting(model, graph, choice) for model in readmittable(graph, choice.table)]
    end = "" if limit is None else f" limit {limit}"
    con.execute(
        f"create or replace temporary table {CHOSEN} as with topic_ids as ({TOPIC_IDS_SQL}) "
        f"select * from ({' union all '.join(parts)}) order by table_name, topic, {', '.join(COORDINATES)}{end}"
    )
    return scalar(con, f"select count(*) from {CHOSEN}")


def _waiting(fold: Model, graph: Graph, choice: Choice) -> str:
    assert fold.conserves is not None
    late = graph[fold.conserves.late]
    at = "event_time" if "event_time" in late.column_names else "cast(null as timestamp)"
    same = " and ".join(f"r.{name} = l.{name}" for name in COORDINATES)
    columns = ", ".join(COORDINATES)
    return (
        f"select '{fold.name}' as table_name, topic, {columns}, min({at}) as event_time, count(*) as windows "
        f"from ({slices.whole_rows(late, f'lake.{late.table}')}) as l inner join topic_ids using (topic_id) "
        f"where {choice.where()} and not exists (from lake.readmissions as r "
        f"where r.table_name = '{fold.name}' and {same}) group by topic, {columns}"
    )


def late_rows(con: Connection, table: str | None = None, topic: str | None = None) -> list[LateRows]:
    """All late rows by table, topic and day, the newest day first."""
    conditions = ["true"]
    conditions += [f"table_name = '{quoted(table)}'"] if table is not None else []
    conditions += [f"topic = '{quoted(topic)}'"] if topic is not None else []
    rows = con.execute(
        "select table_name, topic, cast(event_time as date) as day, count(*), count(readmitted_by), "
        "min(lateness_ms), cast(quantile_disc(lateness_ms, 0.5) as bigint), max(lateness_ms) "
        f"from late_events where {' and '.join(conditions)} "
        "group by table_name, topic, day order by table_name, topic, day desc"
    ).fetchall()
    return [LateRows(*row) for row in rows]
