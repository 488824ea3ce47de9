"""`proptech up`."""

from typing import Annotated

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.settings import Settings


def up(
    *,
    home: Home = None,
    bootstrap_servers: Annotated[
        str, typer.Option(help="A Kafka cluster of your own; remembered.", show_default=False)
    ] = "",
    schema_registry_url: Annotated[
        str, typer.Option(help="A Confluent-compatible registry of your own; remembered.", show_default=False)
    ] = "",
    catalog: Annotated[
        str, typer.Option(help="A PostgreSQL of your own, as a libpq string; remembered.", show_default=False)
    ] = "",
    kafka_config: Annotated[
        list[str] | None,
        typer.Option(help="name=value of a client setting under librdkafka's name (TLS, SASL); repeatable."),
    ] = None,
    simulator: Annotated[
        bool | None,
        typer.Option(
            "--simulator/--no-simulator",
            help="Send simulated events; remembered. Default: only to the embedded Kafka.",
            show_default=False,
        ),
    ] = None,
    events_per_second: Annotated[
        int | None,
        typer.Option(min=1, help="Rate of the simulator, 200 at first; remembered.", show_default=False),
    ] = None,
    dagster: Annotated[bool, typer.Option("--dagster/--no-dagster", help="Start Dagster.")] = True,
) -> None:
    """Start what does not run yet (Kafka, registry, PostgreSQL, Dagster, simulator), and stop what is unwanted."""
    from proptech_pipelines.cli.screen import LiveProgress, console  # noqa: PLC0415
    from proptech_pipelines.cli.summary import up_summary  # noqa: PLC0415
    from proptech_pipelines.services.plan import Wanted  # noqa: PLC0415
    from proptech_pipelines.services.supervisor import up as bring_up  # noqa: PLC0415

    wanted = Wanted(
        bootstrap_servers,
        schema_registry_url,
        catalog,
        kafka_settings(kafka_config or []),
        simulator,
        events_per_second,
        dagster,
    )
    with LiveProgress() as progress:
        report = bring_up(Settings.load(home).home, wanted, progress, make_lake)
    console.print(up_summary(report))


def make_lake(settings: Settings) -> None:
    """Make the lake and its tables where they are missing."""
    from proptech_pipelines.lake.opening import open_lake  # noqa: PLC0415

    with open_lake(settings):
        pass


def kafka_settings(pairs: list[str]) -> dict[str, str]:
    """`["a=b", ...]` as a mapping; a value may hold `=`. Raises SettingsError for a pair without one."""
    split = [pair.partition("=") for pair in pairs]
    for name, equals, _value in split:
        if not name or not equals:
            raise SettingsError(
                f"--kafka-config {name!r} is not of the form name=value.",
                "write for example --kafka-config security.protocol=SASL_SSL.",
            )
    return {name: value for name, _equals, value in split}
