"""`proptech late`: what came too late; and `readmit`, by which it counts after all."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from proptech_pipelines.cli.options import Home, TopicName
from proptech_pipelines.moments import as_utc
from proptech_pipelines.settings import Settings

if TYPE_CHECKING:
    from proptech_pipelines.pipeline.readmit import Readmitted

late = typer.Typer(help="Rows that came too late for a table.", no_args_is_help=True)
TableName = Annotated[str | None, typer.Option("--table", help="Late for this table only.")]
Moment = Annotated[datetime | None, typer.Option(help="By event time, UTC: since is included, until is not.")]


@late.command("list")
def list_(table: TableName = None, topic: TopicName = None, home: Home = None) -> None:
    """Show late rows by table, topic and day of their event time, with how late they came."""
    from rich.table import Column, Table  # noqa: PLC0415

    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.lake.connection import connect  # noqa: PLC0415
    from proptech_pipelines.lake.late import late_rows  # noqa: PLC0415

    con = connect(Settings.load(home), read_only=True)
    try:
        found = late_rows(con, table, topic)
    finally:
        con.close()
    if not found:
        console.print("No late rows.")
        return
    names = [Column(name, overflow="fold") for name in ("table", "topic", "day")]
    numbers = [
        Column(name, justify="right") for name in ("rows", "re-admitted", "least late", "median", "most late")
    ]
    shown = Table(*names, *numbers, title="Late rows")
    for item in found:
        lateness = [_span(ms) for ms in (item.least_ms, item.median_ms, item.most_ms)]
        shown.add_row(
            item.table, item.topic, f"{item.day}", f"{item.rows:,}", f"{item.readmitted:,}", *lateness
        )
    console.print(shown)


@late.command()
def readmit(
    table: TableName = None,
    topic: TopicName = None,
    since: Moment = None,
    until: Moment = None,
    max_records: Annotated[int | None, typer.Option("--max", help="At most so many records.", min=1)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it.")] = False,
    home: Home = None,
) -> None:
    """Let late records count in the windows that they missed; what that changes is kept in table revisions."""
    from proptech_pipelines.lake.late import Choice  # noqa: PLC0415
    from proptech_pipelines.pipeline.readmit import readmit_late  # noqa: PLC0415

    choice = Choice(table, topic, since and as_utc(since), until and as_utc(until))
    done = readmit_late(Settings.load(home), choice, max_records=max_records, dry_run=dry_run)
    _print(done, dry_run=dry_run)


def _print(done: "Readmitted", *, dry_run: bool) -> None:
    from rich.table import Column, Table  # noqa: PLC0415

    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    if not done.lines:
        console.print("No late record to re-admit.")
        return
    names = [Column(name, overflow="fold") for name in ("table", "topic")]
    shown = Table(*names, *[Column(name, justify="right") for name in ("records", "windows")])
    for line in done.lines:
        shown.add_row(line.table, line.topic, f"{line.records:,}", f"{line.windows:,}")
    console.print(shown)
    if dry_run:
        console.print(f"{done.records:,} records would be re-admitted. Nothing was written.")
    else:
        console.print(f"{done.records:,} records were re-admitted; tables follow with the stream.")


def _span(milliseconds: int) -> str:
    """A span in its two largest units; below a minute in seconds."""
    minutes, seconds = milliseconds // 60_000, milliseconds / 1000
    if minutes >= 1440:
        return f"{minutes // 1440} d {minutes % 1440 // 60} h"
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:g} s"
