"""The simulator's command line. SIGTERM and Ctrl-C end it cleanly: what is queued is delivered first."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from proptech_pipelines.errors import ProptechError
from proptech_pipelines.moments import utc_moment
from proptech_pipelines.settings import Settings
from proptech_pipelines.simulator.options import Options
from proptech_pipelines.simulator.sending import produce
from proptech_pipelines.simulator.world import ALL_TOPICS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_DEFAULT = Options()


@app.command()
def simulate(
    *,
    events_per_second: Annotated[
        float, typer.Option(help="Records per second over all topics; 0 is as fast as possible.")
    ] = 1000.0,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many records.")] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed, start and count give the same records.")
    ] = 1,
    topics: Annotated[str, typer.Option(help="Topics, parted by commas.", show_default="all")] = ",".join(
        ALL_TOPICS
    ),
    out_of_order: Annotated[
        float, typer.Option(help="Share of records up to 10 minutes back.")
    ] = _DEFAULT.out_of_order,
    late: Annotated[float, typer.Option(help="Share of records more than a day back.")] = _DEFAULT.late,
    repeated: Annotated[float, typer.Option(help="Share of records sent again.")] = _DEFAULT.repeated,
    broken: Annotated[
        float, typer.Option(help="Share of records that break their contract.")
    ] = _DEFAULT.broken,
    start: Annotated[
        str | None, typer.Option(help="First event time, e.g. 2026-01-01T00:00:00Z. Default: now, or before.")
    ] = None,
    speed: Annotated[float, typer.Option(help="Event time passes so many times as fast as real time.")] = 1.0,
    loop: Annotated[bool, typer.Option(help="Send the market rows again and again, not once.")] = False,
    home: Annotated[Path | None, typer.Option(help="Folder of the settings; default $PROPTECH_HOME.")] = None,
) -> None:
    """Send real homes, real market figures and simulated events around them to Kafka."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        options = Options(
            events_per_second, out_of_order, late, repeated, broken, _milliseconds(start), speed, loop
        )
        chosen = [name.strip() for name in topics.split(",") if name.strip()]
        done = produce(
            Settings.load(home), count, chosen, seed, options=options, stopped=stop.is_set, tell=_tell
        )
    except ProptechError as error:
        _tell(str(error))
        raise typer.Exit(1) from None
    total = sum(done.counts.values())
    rate = total / done.seconds if done.seconds else 0.0
    typer.echo(f"{total:,} records in {done.seconds:.1f} s, {rate:,.0f} per second.")
    for name, sent in done.counts.items():
        typer.echo(f"  {name:<24}{sent:>12,}")


def _tell(text: str) -> None:
    typer.echo(text, err=True)


def _milliseconds(text: str | None) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 time; one without an offset is UTC. Raises SettingsError."""
    return None if text is None else int(utc_moment(text, "--start").timestamp() * 1000)
