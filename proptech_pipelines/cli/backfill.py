"""`proptech backfill`: days or keys of a table's family derived from the log again; and what is not covered."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.settings import Settings

if TYPE_CHECKING:
    from proptech_pipelines.pipeline.backfill import Done, Request
    from proptech_pipelines.pipeline.compare import Days, Key

_DAY = ["%Y-%m-%d"]
Table = Annotated[str | None, typer.Argument(help="Table; the whole family that stores it is derived.")]
First = Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="First day, UTC.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last day, included.")]
Moment = Annotated[datetime | None, typer.Option(help="By event time, UTC: since is included, until is not.")]
Offsets = Annotated[
    list[str] | None,
    typer.Option(help="topic:partition:from-to, `to` not included: the days of these records."),
]
Property = Annotated[str | None, typer.Option("--property", help="Rows of this property only.")]
ZipCode = Annotated[str | None, typer.Option(help="Rows of this zip code only.")]
User = Annotated[str | None, typer.Option("--user", help="Rows of this user only.")]
Keys = Annotated[list[str] | None, typer.Option(help="column=value: rows that have it only.")]
Subtree = Annotated[
    bool, typer.Option("--subtree", help="Every family that reads one of the same staging tables.")
]
Differing = Annotated[bool, typer.Option("--differing", help="Replace only days that differ.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what differs; nothing is written.")]
Gaps = Annotated[bool, typer.Option("--gaps", help="Show what is not covered; nothing is written.")]
_SHOWN_DAYS = 5


def backfill(
    table: Table = None,
    first: First = None,
    last: Last = None,
    since: Moment = None,
    until: Moment = None,
    offsets: Offsets = None,
    property_id: Property = None,
    zip_code: ZipCode = None,
    user_id: User = None,
    key: Keys = None,
    subtree: Subtree = False,
    differing: Differing = False,
    dry_run: DryRun = False,
    gaps: Gaps = False,
    home: Home = None,
) -> None:
    """Make days or keys of tables what the log gives, beside the running stream; days outside stay as they are."""
    from proptech_pipelines.pipeline.backfill import Request  # noqa: PLC0415
    from proptech_pipelines.pipeline.backfill_days import OffsetRange  # noqa: PLC0415

    settings = Settings.load(home)
    if gaps:
        _show_gaps(settings, table)
        return
    if table is None:
        raise SettingsError(
            "A backfill needs a table.", "name one, or use --gaps to see what is not covered."
        )
    named = {"property_id": property_id, "zip_code": zip_code, "user_id": user_id}
    request = Request(
        table,
        _days(first, last, since, until),
        tuple(OffsetRange.parse(text) for text in offsets or ()),
        (*[(column, value) for column, value in named.items() if value is not None], *_pairs(key or [])),
        subtree=subtree,
        only_differing=differing,
        dry_run=dry_run,
    )
    _run(settings, request)


def _days(
    first: datetime | None, last: datetime | None, since: datetime | None, until: datetime | None
) -> "Days | None":
    from proptech_pipelines.pipeline.backfill_days import days_through, days_touched  # noqa: PLC0415

    days = days_through(first and first.date(), last and last.date())
    touched = days_touched(since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC))
    if days is not None and touched is not None:
        raise SettingsError("Days are given twice.", "use --from and --to, or --since and --until.")
    return days or touched


def _pairs(texts: list[str]) -> "Key":
    found = [text.partition("=") for text in texts]
    for text, (column, _, value) in zip(texts, found, strict=True):
        if not column or not value:
            raise SettingsError(f"{text!r} is no key.", "write column=value.")
    return tuple((column, value) for column, _, value in found)


def _run(settings: Settings, request: "Request") -> None:
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.lake.lease import Leases  # noqa: PLC0415
    from proptech_pipelines.lake.opening import open_lake  # noqa: PLC0415
    from proptech_pipelines.pipeline.backfill import backfill as carry_out  # noqa: PLC0415
    from proptech_pipelines.pipeline.priority import stand_back  # noqa: PLC0415

    stand_back()
    done: list[Done] = []
    with open_lake(settings) as con, Leases(settings) as leases:
        for part in carry_out(con, leases, request):
            done.append(part)
            counts = [sum(getattr(item, name) for item in part.tables) for name in ("missing", "surplus")]
            where = "all days" if part.days is None else f"{part.days.start} to {_last(part.days)}"
            console.print(f"  {part.family}, {where}: {counts[0]:,} rows missing, {counts[1]:,} surplus")
    _print(done, dry_run=request.dry_run)


def _last(days: "Days") -> date:
    return date.fromordinal(days.end.toordinal() - 1)


def _print(done: "list[Done]", *, dry_run: bool) -> None:
    from rich.table import Column, Table  # noqa: PLC0415

    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.backfill import totals  # noqa: PLC0415

    numbers = [Column(name, justify="right") for name in ("missing", "surplus")]
    shown = Table(Column("table", overflow="fold"), *numbers, Column("on days", overflow="fold"))
    for item in totals(done):
        shown.add_row(item.table, f"{item.missing:,}", f"{item.surplus:,}", _list(item.days))
    console.print(shown)
    if dry_run:
        console.print("Nothing was written.")


def _list(days: Sequence[date]) -> str:
    more = f" and {len(days) - _SHOWN_DAYS:,} more" if len(days) > _SHOWN_DAYS else ""
    return ", ".join(str(day) for day in days[:_SHOWN_DAYS]) + more


def _show_gaps(settings: Settings, table: str | None) -> None:
    from rich.table import Column, Table  # noqa: PLC0415

    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.lake.connection import connect  # noqa: PLC0415
    from proptech_pipelines.lake.generations import live_graph  # noqa: PLC0415
    from proptech_pipelines.pipeline.backfill import families_of  # noqa: PLC0415
    from proptech_pipelines.pipeline.coverage import (  # noqa: PLC0415
        families_behind,
        other_generations,
        uncovered_days,
    )

    shown = Table(Column("what", overflow="fold"), "where", Column("how", overflow="fold"))
    con = connect(settings, read_only=True)
    try:
        graph = live_graph(con)
        families = graph.families if table is None else families_of(graph, table)
        for item in families_behind(con, graph, families):
            what = "halted, or no stream runs" if item.is_halted else "behind"
            how = f"{item.rows:,} rows of {item.transactions:,} transactions wait since {item.since:%Y-%m-%d %H:%M}"
            shown.add_row(what, item.family, how)
        for other in other_generations(con):
            how = (
                f"at transaction {other.input_commit:,} of {other.head:,}" if other.state != "retired" else ""
            )
            shown.add_row(f"generation {other.generation}, {other.state}", other.table, how)
        for family in families:
            for day in uncovered_days(con, graph, family):
                how = f"{day.by_log:,} rows by the log, {day.stored:,} stored"
                shown.add_row(f"{day.day}, generation {day.generation}", day.table, how)
    finally:
        con.close()
    console.print(shown if shown.row_count else "Everything is covered.")
