"""Which days a backfill is about, from what a person knows: days, event times, offsets."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.models import slices
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model
from proptech_pipelines.pipeline.compare import Days

MOST_ROWS = 300_000
"""So many rows are derived at once, or those of a single day: each stretch of days has a fixed price, and is held in
memory and replaced under the family's lease as a whole."""
_LONGEST = timedelta(days=700)
_DAY = timedelta(days=1)
_LAST = date(9998, 12, 31)
_OFFSETS = re.compile(r"([\w.-]+):(\d+):(\d+)-(\d+)")


@dataclass(frozen=True)
class OffsetRange:
    """Records of a topic's partition with offsets [start_offset, end_offset), in every incarnation of the topic."""

    topic: str
    partition: int
    start_offset: int
    end_offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `topic:partition:from-to`, of which `to` is not included. Raises SettingsError for anything else."""
        found = _OFFSETS.fullmatch(text)
        if found is None or int(found[3]) >= int(found[4]):
            raise SettingsError(
                f"{text!r} is no range of offsets.", "write topic:partition:from-to, without the offset `to`."
            )
        return cls(found[1], int(found[2]), int(found[3]), int(found[4]))

    def where(self) -> str:
        """The condition on a staging row of that topic."""
        return (
            f"kafka_partition = {self.partition} "
            f"and kafka_offset >= {self.start_offset} and kafka_offset < {self.end_offset}"
        )


def days_through(first: date | None, last: date | None) -> Days | None:
    """The days from `first` to `last`, both included; None for none. Raises SettingsError for one without the other."""
    if first is None and last is None:
        return None
    if first is None or last is None or first > last or last > _LAST:
        raise SettingsError(
            f"{first or 'nothing'} to {last or 'nothing'} are no days.",
            "give the first day and the last one, which is included.",
        )
    return Days(first, last + _DAY)


def days_touched(since: datetime | None, until: datetime | None) -> Days | None:
    """The days that the moments [since, until) touch, UTC; None for none. Raises SettingsError as `days_through`."""
    if since is None and until is None:
        return None
    if since is None or until is None or since >= until:
        raise SettingsError(
            f"{since or 'nothing'} to {until or 'nothing'} is no span of time.",
            "give both moments; `since` is included, `until` is not.",
        )
    last = (until.astimezone(UTC) - timedelta(microseconds=1)).date()
    return days_through(since.astimezone(UTC).date(), last)


def days_of_offsets(con: Connection, graph: Graph, family: str, offsets: OffsetRange) -> set[date]:
    """The days of the rows staged from `offsets` that `family` reads: of their event times, and of the groups with a
    day of their own to which they belong."""
    parts: list[str] = []
    for root in graph.staging_of(family):
        if root.topic != offsets.topic:
            continue
        rows = f"select * from lake.{root.table} where {offsets.where()}"
        parts.append(f"select event_time as day from ({rows})")
        parts += [
            f"select cast({model.day_of} as timestamp) from ({slices.changed_keys(graph, model, _whole, root, rows)})"
            for model in graph.stored(family)
            if model.day_of in model.key and root in graph.roots(model.name)
        ]
    if not parts:
        return set()
    found = con.execute(f"select distinct cast(day as date) from ({' union all '.join(parts)})").fetchall()
    return {row[0] for row in found}


def _whole(root: Model) -> str:
    return f"select * from lake.{root.table}"


def runs(days: Collection[date]) -> list[Days]:
    """`days` as ranges without a day between them missing, ascending."""
    found: list[Days] = []
    for day in sorted(days):
        if found and found[-1].end == day:
            found[-1] = Days(found[-1].start, day + _DAY)
        else:
            found.append(Days(day, day + _DAY))
    return found


def stretches_of(con: Connection, graph: Graph, family: str, days: Days) -> list[Days]:
    """`days` in the stretches in which `family` is derived again, each at once."""
    if days.end - days.start == _DAY:
        return [days]
    return list(by_rows(days, _rows_by_day(con, graph, family, days)))


def _rows_by_day(con: Connection, graph: Graph, family: str, days: Days) -> dict[date, int]:
    """Rows of `days` that `family` reads and stores, by their event time or day."""
    times = [f"select event_time as moment from lake.{model.table}" for model in graph.staging_of(family)]
    times += [
        f"select cast({model.day_of} as timestamp) as moment from lake.{model.table}"
        for model in graph.stored(family)
    ]
    rows = con.execute(
        f"select cast(moment as date), count(*) from ({' union all '.join(times)}) "
        f"where moment >= timestamp '{days.start}' and moment < timestamp '{days.end}' group by all order by all"
    ).fetchall()
    return dict(rows)


def by_rows(days: Days, rows: Mapping[date, int]) -> Iterator[Days]:
    """`days`, cut where more than `MOST_ROWS` of `rows` would come together, and after two years at the latest: rows
    that are missing are counted nowhere. `rows` ascend."""
    start, taken = days.start, 0
    for day, count in rows.items():
        while day - start >= _LONGEST:
            yield Days(start, start + _LONGEST)
            start, taken = start + _LONGEST, 0
        if taken and taken + count > MOST_ROWS:
            yield Days(start, day)
            start, taken = day, 0
        taken += count
    while days.end - start > _LONGEST:
        yield Days(start, start + _LONGEST)
        start += _LONGEST
    yield Days(start, days.end)
