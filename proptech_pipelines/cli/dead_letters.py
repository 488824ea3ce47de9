"""`proptech dead-letters`: what is dead and why; and `redrive`, which decodes letters again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from proptech_pipelines.cli.options import Home, TopicName
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.moments import as_utc
from proptech_pipelines.settings import Settings

if TYPE_CHECKING:
    from proptech_pipelines.lake.letters import Named
    from proptech_pipelines.pipeline.redrive_run import Line, Request

dead_letters = typer.Typer(help="Records that broke their contract.", no_args_is_help=True)


def _known_reason(name: str | None) -> str | None:
    from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason  # noqa: PLC0415

    if name is not None and name not in set(DeadLetterReason):
        raise SettingsError(f"There is no reason {name}.", f"name one of {', '.join(DeadLetterReason)}.")
    return name


Reason = Annotated[
    str | None, typer.Option("--reason", help="With this reason only.", callback=_known_reason)
]
Moment = Annotated[
    datetime | None, typer.Option(help="By Kafka timestamp, UTC: since is included, until is not.")
]


@dead_letters.command("list")
def list_(
    topic: TopicName = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option("--samples", help="How many letters to show.", min=0)] = 5,
    home: Home = None,
) -> None:
    """Show open letters by topic and reason with their age, and some of them in full."""
    from rich.table import Column, Table  # noqa: PLC0415

    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.lake.connection import connect  # noqa: PLC0415
    from proptech_pipelines.lake.letter_figures import histogram, samples  # noqa: PLC0415

    con = connect(Settings.load(home), read_only=True)
    try:
        groups = histogram(con, topic, reason)
        shown = samples(con, limit, topic, reason)
    finally:
        con.close()
    if not groups:
        console.print("No open dead letters.")
        return
    names = [Column(name, overflow="fold") for name in ("topic", "reason", "stage")]
    numbers = [Column(name, justify="right") for name in ("letters", "parked", "oldest")]
    table = Table(*names, *numbers, title="Open dead letters")
    for item in groups:
        age = _age(item.oldest_at)
        table.add_row(item.topic, item.reason, item.stage, f"{item.letters:,}", f"{item.parked:,}", age)
    console.print(table)
    for letter in shown:
        tried = f", redriven {letter.attempts} times in vain" if letter.attempts else ""
        console.print(f"{letter.name}  {letter.reason}{tried}", style="bold", markup=False)
        console.print(f"  {letter.message}", markup=False)
        console.print(f"  {letter.value or 'no bytes'}", markup=False)


@dead_letters.command()
def redrive(
    topic: TopicName = None,
    reason: Reason = None,
    since: Moment = None,
    until: Moment = None,
    letter: Annotated[
        list[str] | None,
        typer.Option(help="TOPIC/PARTITION/OFFSET of one letter, parked or not; may be given again."),
    ] = None,
    max_letters: Annotated[int | None, typer.Option("--max", help="At most so many letters.", min=1)] = None,
    max_attempts: Annotated[int, typer.Option(help="Park a letter that has failed so often.", min=1)] = 3,
    value_file: Annotated[
        Path | None,
        typer.Option(
            help="A repaired value for the one --letter: JSON (.json), else bytes in the wire format."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it.")] = False,
    home: Home = None,
) -> None:
    """Decode dead letters again; those that succeed become rows at their original places in the log."""
    from proptech_pipelines.lake.letters import Choice  # noqa: PLC0415
    from proptech_pipelines.pipeline.redrive_run import Request, lines, redrive_letters  # noqa: PLC0415

    settings = Settings.load(home)
    named = tuple(_named(text) for text in letter or ())
    value = None if value_file is None else _value(settings, value_file, named)
    choice = Choice(topic, reason, since and as_utc(since), until and as_utc(until), named)
    request = Request(choice, max_letters, max_attempts, value, dry_run)
    _print(request, lines(redrive_letters(settings, request)))


def _print(request: "Request", found: "list[Line]") -> None:
    from rich.table import Column, Table  # noqa: PLC0415

    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    if not found:
        console.print("No letter to redrive.")
        return
    staged = "would be staged" if request.dry_run else "staged"
    names = [Column(name, overflow="fold") for name in ("topic", "reason", "reason now")]
    counts = [Column(name, justify="right") for name in ("letters", staged, "failed", "parked")]
    table = Table(*names[:2], *counts[:3], names[2], counts[3])
    for line in found:
        failed = ", ".join(f"{reason} {count:,}" for reason, count in line.failed.most_common())
        numbers = [f"{number:,}" for number in (line.letters, line.staged, line.failed.total())]
        table.add_row(line.topic, line.reason, *numbers, failed, f"{line.parked:,}")
    console.print(table)
    total, good = sum(line.letters for line in found), sum(line.staged for line in found)
    if request.dry_run:
        console.print(f"{good:,} of {total:,} letters would become rows. Nothing was written.")
    else:
        console.print(f"{good:,} of {total:,} letters became rows; tables follow with the stream.")


def _named(text: str) -> "Named":
    from proptech_pipelines.lake.letters import Named  # noqa: PLC0415

    parts = text.split("/")
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise SettingsError(
            f"{text!r} names no letter.",
            "write it as `proptech dead-letters list` does: TOPIC/PARTITION/OFFSET.",
        )
    return Named(parts[0], int(parts[1]), int(parts[2]))


def _value(settings: Settings, file: Path, named: "tuple[Named, ...]") -> bytes:
    """The bytes of a value file; JSON is encoded with the topic's newest schema."""
    import json  # noqa: PLC0415

    from proptech_pipelines.kafka.producer import RegistrySerializer  # noqa: PLC0415

    try:
        content = file.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}.", "give the path of the value."
        ) from error
    if file.suffix != ".json" or len(named) != 1:
        return content
    try:
        return RegistrySerializer(settings)(named[0].topic, json.loads(content))
    except (ValueError, TypeError, KeyError) as error:
        raise SettingsError(
            f"{file} holds no value of {named[0].topic}: {error}.", "give every field of its newest schema."
        ) from error


def _age(since: datetime) -> str:
    seconds = int((datetime.now(UTC) - since.replace(tzinfo=UTC)).total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600, seconds // 60
    return f"{days} d" if days else f"{hours} h" if hours else f"{minutes} min"
