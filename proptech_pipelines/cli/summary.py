"""The last lines of `proptech up`: what runs and where to look."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from proptech_pipelines.redaction import redacted
from proptech_pipelines.services.supervisor import UpReport


def up_summary(report: UpReport) -> RenderableType:
    """Where everything is, and what to type next."""
    plan = report.plan
    table = Table.grid(padding=(0, 2))
    if plan.webserver.process() is not None:
        table.add_row("Dagster", plan.webserver.url)
    table.add_row("Kafka", plan.settings.bootstrap_servers)
    table.add_row("Schema registry", redacted(plan.settings.schema_registry_url))
    table.add_row("Home", str(plan.settings.home))
    table.add_row("Next", 'proptech status, proptech query "SELECT ...", proptech attach, proptech down')
    return Group(Text(_headline(report), style="bold"), table)


def _headline(report: UpReport) -> str:
    if report.stopped:
        return f"Started {len(report.started)}, stopped {len(report.stopped)}; {len(report.running)} ran already."
    if not report.started:
        return "Everything runs already."
    if report.running:
        return f"Started {len(report.started)}; {len(report.running)} ran already."
    return "Everything is up."
