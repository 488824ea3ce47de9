"""`proptech bench stream` and `proptech bench replay`: figures on one line of JSON, then for people to read."""

from typing import Annotated

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.settings import Settings

bench = typer.Typer(help="Measure this machine.", no_args_is_help=True)


@bench.command()
def stream(
    events: Annotated[int, typer.Option(help="Records to produce first.")] = 300_000,
    topics: Annotated[
        str, typer.Option(help="Topics to produce to, joined by commas; `all` for the mix.")
    ] = ("property-price-changes"),
    runs: Annotated[int, typer.Option(help="Times that each of the three is measured, in turn.")] = 1,
    latency_minutes: Annotated[
        float, typer.Option(help="Minutes of following, for latency; 0 for none.")
    ] = 0.0,
    events_per_second: Annotated[float, typer.Option(help="Rate while following.")] = 1000.0,
    follow_seconds: Annotated[int, typer.Option(help="Length of a stream run while following.")] = 150,
    beside_backfill: Annotated[
        bool,
        typer.Option(
            "--beside-backfill", help="While following, derive what reads price changes again and again."
        ),
    ] = False,
    no_produce: Annotated[
        bool, typer.Option("--no-produce", help="Measure what the topics already hold.")
    ] = False,
    home: Home = None,
    bootstrap_servers: Annotated[str, typer.Option(help="Kafka of your own, with --no-produce.")] = "",
    schema_registry_url: Annotated[str, typer.Option(help="Its registry.")] = "",
) -> None:
    """Throughput of the log alone, with price_change_analysis and with all tables, and latency in the Dagster job.

    With --no-produce the topics of --bootstrap-servers, or of the running --home, are read as they are.
    """
    import tempfile  # noqa: PLC0415
    from dataclasses import replace  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from proptech_pipelines.benchmarks.latency import measure_latency  # noqa: PLC0415
    from proptech_pipelines.benchmarks.report import show_stream  # noqa: PLC0415
    from proptech_pipelines.benchmarks.stream import measure_throughput  # noqa: PLC0415
    from proptech_pipelines.cli.screen import error_console  # noqa: PLC0415
    from proptech_pipelines.errors import SettingsError  # noqa: PLC0415
    from proptech_pipelines.simulator import ALL_TOPICS  # noqa: PLC0415

    cluster = None
    if no_produce:
        cluster = Settings.load(home)
        if bootstrap_servers:
            cluster = replace(
                cluster, bootstrap_servers=bootstrap_servers, schema_registry_url=schema_registry_url
            )
        if not cluster.bootstrap_servers or not cluster.schema_registry_url:
            raise SettingsError(
                "No Kafka with its registry is known.",
                "run `proptech up`, or give --bootstrap-servers and --schema-registry-url.",
            )
    chosen = tuple(ALL_TOPICS) if topics == "all" else tuple(topics.split(","))
    throughput = measure_throughput(events, chosen, runs, error_console.print, cluster)
    latency = None
    if latency_minutes:
        with tempfile.TemporaryDirectory(prefix="proptech-bench-") as folder:
            latency = measure_latency(
                Path(folder),
                latency_minutes,
                events_per_second,
                follow_seconds,
                error_console.print,
                beside_backfill=beside_backfill,
            )
    show_stream(throughput, latency)


@bench.command()
def replay(
    synthetic: Annotated[
        int,
        typer.Option(
            help="Instead: write a log of so many typed price changes to a lake of its own, and replay that.",
            min=0,
        ),
    ] = 0,
    home: Home = None,
) -> None:
    """Derive every table of the lake again, from typed rows and from raw bytes; the stream may go on meanwhile."""
    from proptech_pipelines.benchmarks.replay import replay_raw, replay_synthetic, replay_typed  # noqa: PLC0415
    from proptech_pipelines.benchmarks.report import show_replay, show_synthetic  # noqa: PLC0415
    from proptech_pipelines.cli.screen import error_console  # noqa: PLC0415

    if synthetic:
        show_synthetic(replay_synthetic(synthetic))
        return
    settings = Settings.load(home)
    show_replay(replay_typed(settings), replay_raw(settings, error_console.print))
