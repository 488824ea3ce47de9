"""`proptech log verify`, `export`, `import` and `accept-gap`."""

from pathlib import Path
from typing import Annotated

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.settings import Settings

log = typer.Typer(help="Look after the event log.", no_args_is_help=True)


@log.callback()
def options() -> None:
    """Look after the event log."""


@log.command()
def verify(home: Home = None) -> None:
    """Prove that the log is whole: records are there, checksums right, and each is a row or an open dead letter."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.verify import verify_log  # noqa: PLC0415

    verified = verify_log(Settings.load(home))
    for item in verified.broken:
        console.print(
            f"[red]broken[/red] {item.topic}[{item.partition}] [{item.start_offset}, {item.end_offset}): "
            f"{item.found_records} of {item.expected_records} records, or other bytes"
        )
    for item in verified.uneven:
        console.print(
            f"[red]uneven[/red] {item.topic}[{item.partition}]: {item.records:,} of {item.expected_records:,} records, "
            f"{item.rows:,} of {item.expected_rows:,} rows at {item.places:,} places, "
            f"{item.letters:,} of {item.expected_letters:,} open letters"
        )
    console.print(f"{verified.ranges:,} ranges, {verified.records:,} records, {len(verified.broken)} broken")
    if verified.broken or verified.uneven:
        raise typer.Exit(1)


@log.command()
def export(
    folder: Annotated[
        Path, typer.Argument(help="Folder to make; a log that is long takes as much room as `lake/`.")
    ],
    since: Annotated[
        Path | None, typer.Option(help="An earlier export: only what came after it is written.")
    ] = None,
    home: Home = None,
) -> None:
    """Write the log into plain Parquet files, while the stream goes on; again after a kill, it goes on."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.log_export import export_log  # noqa: PLC0415

    with console.status("Exporting the log") as line:
        manifest = export_log(
            Settings.load(home),
            folder,
            since,
            lambda name, done, count: line.update(f"{name} ({done:,} of {count:,} files)"),
        )
    console.print(
        f"{manifest['records']:,} records of {manifest['counts']['ledger']:,} transactions are in {folder}."
    )


@log.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="An exported log.")],
    home: Home = None,
) -> None:
    """Make the tables of an empty lake from an exported log; again after a kill, it goes on."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.log_import import import_log  # noqa: PLC0415
    from proptech_pipelines.publishing.registered import outboxes  # noqa: PLC0415

    settings = Settings.load(home)
    with console.status("Importing the log") as line:
        done = import_log(
            settings,
            folder,
            outboxes(settings),
            lambda what, at, end: line.update(f"{what}: {at:,} of {end:,}"),
        )
    console.print(
        f"{done.records:,} records of {done.transactions:,} transactions were taken in, "
        f"{done.records_before:,} were there. Where they end, the stream reads on."
    )


@log.command("accept-gap")
def accept_gap(
    topic: Annotated[str, typer.Argument(help="Topic whose retention took records before they were read.")],
    partition: Annotated[int, typer.Argument(help="Its partition.")],
    home: Home = None,
) -> None:
    """Put the records that an OffsetGap names on record as lost, and let the stream read on."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.gaps import accept_gap as accept  # noqa: PLC0415

    lost = accept(Settings.load(home), topic, partition)
    console.print(f"Offsets [{lost.start}, {lost.stop}) of {topic}[{partition}] are on record as lost.")
