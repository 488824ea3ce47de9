"""Backfills by hand: chosen days or keys of whole families made what the log gives, while the stream goes on.

A long range is worked through in stretches of whole days with so many rows, each in memory and in a transaction of its
own: after a kill whole stretches stand, and the same backfill goes on with the rest, for what is right is not written
again.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.connection import Connection, LakeError
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.backfill_days import OffsetRange, days_of_offsets, runs, stretches_of
from proptech_pipelines.pipeline.compare import Days, Derived, Key, compare_days, key_columns, sums
from proptech_pipelines.pipeline.rebuild import rebuild_days


@dataclass(frozen=True)
class Request:
    """What to backfill: the family that stores `table`, on `days` and those of `offsets`, rows that have `key`.

    A `key` alone is taken on all days. With `subtree` it is every family that reads one of the same staging tables.
    `only_differing` replaces days that differ alone, `dry_run` none.
    """

    table: str
    days: Days | None = None
    offsets: tuple[OffsetRange, ...] = ()
    key: Key = ()
    subtree: bool = False
    only_differing: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Done:
    """One family on one stretch of days (None is all of them): its stored tables as they were found."""

    family: str
    days: Days | None
    tables: Sequence[Derived]


def backfill(con: Connection, leases: Leases, request: Request) -> Generator[Done]:
    """Carry `request` out, yielding after each stretch of days; a stretch may come again until nothing differs.

    Raises SettingsError, before anything is changed, for a table, key or offsets that cannot be, and LedgerConflict as
    `rebuild_days`.
    """
    graph = live_graph(con)
    families = families_of(graph, request.table, subtree=request.subtree)
    if request.days is None and not request.offsets and not request.key:
        raise SettingsError(
            "A backfill needs days, offsets or a key.", "say which, by --from and --to perhaps."
        )
    families = _keyed(con, graph, families, request)
    stretches = {family: _stretches(con, graph, family, request) for family in families}
    if not any(stretches.values()):
        raise SettingsError(
            "No row was staged from these offsets.", "see table log_ranges for what was read."
        )
    for family in families:
        yield from _family(con, leases, family, stretches[family], request)


def totals(done: Iterable[Done]) -> list[Derived]:
    """What was found in each table over all stretches; one that came again counts again."""
    return sums(item for part in done for item in part.tables)


def families_of(graph: Graph, table: str, *, subtree: bool = False) -> list[str]:
    """The family that stores `table`; with `subtree` all that read a staging table which it reads, or which it is.

    Raises SettingsError for a table that nothing derives.
    """
    model = graph.models.get(table)
    if model is not None and model.kind == "staging" and subtree:
        sources = {table}
    elif model is not None and model.family in graph.families:
        if not subtree:
            return [model.family]
        sources = {item.name for item in graph.staging_of(model.family)}
    else:
        raise SettingsError(
            f"{table} is no table that can be derived from the log again.",
            "name a table that a family stores or shows, or a staging table with --subtree.",
        )
    return [family for family in graph.families if sources & {item.name for item in graph.staging_of(family)}]


def _keyed(con: Connection, graph: Graph, families: Sequence[str], request: Request) -> list[str]:
    """Those of `families` with a table that can be derived by the key; all of them for none.

    Raises SettingsError if the request's own table cannot, or nothing, or if a value is none of its column's.
    """
    key, wanted = request.key, {column for column, _ in request.key}
    tables = [
        model for family in families for model in graph.stored(family) if wanted <= key_columns(graph, model)
    ]
    model = graph[request.table]
    if not tables or (model.is_stored and model not in tables):
        asked = [model] if model.is_stored else [item for name in families for item in graph.stored(name)]
        known = sorted({column for item in asked for column in key_columns(graph, item)})
        raise SettingsError(
            f"{request.table} cannot be derived by {', '.join(sorted(wanted))}: there is no such column, or what has "
            "one value of it depends on rows with others.",
            f"backfill it by days, or by one of {', '.join(known)}.",
        )
    try:
        for item in tables:
            types = {row[0]: row[1] for row in con.execute(f"describe lake.{item.table}").fetchall()}
            for column, value in key:
                con.execute(f"select cast(? as {types[column]})", [value]).fetchall()
    except LakeError as error:
        raise SettingsError(f"{key} cannot be a key: {error}", "correct the value.") from error
    return [family for family in families if any(item.family == family for item in tables)]


def _stretches(con: Connection, graph: Graph, family: str, request: Request) -> list[Days | None]:
    if request.days is None and not request.offsets:
        return [None]
    ranges = [] if request.days is None else [request.days]
    for offsets in request.offsets:
        ranges += runs(days_of_offsets(con, graph, family, offsets))
    days = {day for part in ranges for day in _each(part)}
    return [stretch for part in runs(days) for stretch in stretches_of(con, graph, family, part)]


def _each(days: Days) -> Iterator[date]:
    return (days.start + timedelta(days=number) for number in range((days.end - days.start).days))


def _family(
    con: Connection, leases: Leases, family: str, stretches: Sequence[Days | None], request: Request
) -> Iterator[Done]:
    graph = live_graph(con)
    for _ in range(1 if request.dry_run else _passes(graph, family, stretches)):
        differed = False
        for days in stretches:
            done = Done(family, days, _stretch(con, leases, family, days, request))
            differed |= any(item.differs for item in done.tables)
            yield done
        if not differed:
            return


def _passes(graph: Graph, family: str, stretches: Sequence[Days | None]) -> int:
    """How often stretches are worked through at most: a row may rest on stored rows of a stretch that comes later."""
    rests_on_others = any(
        model.day_of not in model.key and any(root.kind != "staging" for root in graph.roots(model.name))
        for model in graph.stored(family)
    )
    return len(graph.stored(family)) if rests_on_others and len(stretches) > 1 else 1


def _stretch(
    con: Connection, leases: Leases, family: str, days: Days | None, request: Request
) -> list[Derived]:
    graph = live_graph(con)
    if not request.dry_run and not request.only_differing:
        return rebuild_days(con, leases, graph, family, days, request.key)
    found = compare_days(con, graph, family, days, request.key)
    if not request.dry_run:
        for part in runs({day for item in found for day in item.days}):
            rebuild_days(con, leases, graph, family, part, request.key)
    return found
