"""`proptech status`."""

import time
from typing import TYPE_CHECKING

from proptech_pipelines.cli.options import Home
from proptech_pipelines.errors import ProptechError
from proptech_pipelines.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table

    from proptech_pipelines.services.plan import Plan
    from proptech_pipelines.services.service import Service


def status(home: Home = None) -> None:
    """Show what runs, how far the lake is behind each topic, rows per table, and the last alert."""
    from proptech_pipelines.cli.lake_report import lake_report  # noqa: PLC0415
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.services.plan import Plan  # noqa: PLC0415

    settings = Settings.load(home)
    if not settings.catalog:
        console.print(f"{settings.home} is not in use yet; `proptech up` starts everything.", markup=False)
        return
    plan = Plan(settings.home)
    console.print(_services(plan))
    try:
        for part in lake_report(settings, kafka_answers=plan.broker is None or plan.broker.is_ready()):
            console.print(part)
    except ProptechError as error:  # a stopped service is a state to show, not a failure to show it
        console.print(f"The lake cannot be read now: {error.message}", markup=False)


def _services(plan: "Plan") -> "Table":
    from rich.table import Column, Table  # noqa: PLC0415

    numbers = [Column(name, justify="right") for name in ("pid", "MiB", "up for")]
    names = Column("service", no_wrap=True)
    table = Table(names, "state", Column("where", overflow="fold"), *numbers, title="Services")
    addresses = {
        "kafka": plan.settings.bootstrap_servers,
        "registry": plan.settings.schema_registry_url,
        "postgres": str(plan.postgres.socket_folder) if plan.postgres else "",
        "dagster_webserver": plan.webserver.url,
    }
    unwanted = plan.unwanted()
    for service in plan.services():
        if service in unwanted and not service.members():
            continue
        table.add_row(service.name, *_state(service, addresses.get(service.name, "")))
    return table


def _state(service: "Service", address: str) -> tuple[str, ...]:
    process = service.process()
    if process is None:
        return "[red]stopped[/red]", "", "", "", ""
    state = "[green]running[/green]" if service.is_ready() else "[yellow]not answering[/yellow]"
    memory_mib = sum(item.memory_info().rss for item in service.members()) >> 20
    minutes, seconds = divmod(int(time.time() - process.create_time()), 60)
    return (
        state,
        address,
        str(process.pid),
        str(memory_mib),
        f"{minutes // 60}:{minutes % 60:02}:{seconds:02}",
    )
