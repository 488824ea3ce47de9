"""`proptech plan`: what a change of models or schemas means for the lake; `proptech rollback` and `proptech purge`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.settings import Settings

if TYPE_CHECKING:
    from proptech_pipelines.lake.connection import Connection
    from proptech_pipelines.lake.plans import Plan
    from proptech_pipelines.models.graph import Graph
    from proptech_pipelines.pipeline.build import Built
    from proptech_pipelines.pipeline.plan import Tools

plan = typer.Typer(
    help="What a change of models or schemas means, and carrying it out.", no_args_is_help=True
)
PlanId = Annotated[str, typer.Argument(help="The plan's id, or the beginning of it.")]


@plan.command()
def show(home: Home = None) -> None:
    """What differs between the lake and this installation, what that costs, and what became of earlier plans."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.lake.plans import read_plans  # noqa: PLC0415
    from proptech_pipelines.pipeline.plan import propose  # noqa: PLC0415

    with _lake(home) as (con, wanted, _):
        current = propose(con, wanted())
        if current is None:
            console.print("The tables of the lake are those of this installation: nothing is to be built.")
        for item in read_plans(con):
            _print(item, in_full=current is not None and item.plan_id == current.plan_id)


@plan.command()
def approve(plan_id: PlanId, home: Home = None) -> None:
    """Let a plan that changes existing rows or columns be carried out, or one that failed be tried again."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.plan import approve as let_run  # noqa: PLC0415

    with _lake(home) as (con, wanted, _):
        found = _found(con, plan_id)
        let_run(con, wanted(), found)
        console.print(
            f"Plan {found.plan_id[:8]} is approved; the sensor carries it out, or `proptech plan run`."
        )


@plan.command()
def run(plan_id: PlanId, home: Home = None) -> None:
    """Build, audit and swap in what a plan says, here and now; a run that was killed goes on from its last slice."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.plan import carry_out  # noqa: PLC0415

    with _lake(home) as (con, wanted, tools):
        done = carry_out(con, wanted(), _found(con, plan_id), tools)
        _print(done, in_full=False)
        for table, item in done.report.get("audit", {}).items():
            console.print(
                f"  {table}: {item['rows_built']:,} rows, {item['new']:,} new, {item['gone']:,} gone"
            )


def rollback(
    table: Annotated[str, typer.Argument(help="Table whose former generation is to come back.")],
    home: Home = None,
) -> None:
    """Bring the former generation of a table's family to the head of the log, and swap it in again."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.rollback import roll_back  # noqa: PLC0415

    with _lake(home) as (con, _, tools):
        console.print(f"Swapped: {roll_back(con, table, tools)}")


def purge(
    table: Annotated[str, typer.Argument(help="Table whose retired generations are to be dropped.")],
    home: Home = None,
) -> None:
    """Drop the retired generations of a table's family: there is no rollback to them afterwards."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.pipeline.rollback import purge_retired  # noqa: PLC0415

    with _lake(home) as (con, _, tools):
        console.print(f"Dropped: {', '.join(purge_retired(con, table, tools.leases)) or 'nothing'}")


@contextmanager
def _lake(home: Home) -> "Iterator[tuple[Connection, Callable[[], Graph], Tools]]":
    """The lake, open, the models that it ought to follow by now, on demand, and the tools for both.

    Going back has nothing to do with these models, of which one may be refused.
    """
    from proptech_pipelines.lake.lease import Leases  # noqa: PLC0415
    from proptech_pipelines.lake.opening import open_lake  # noqa: PLC0415
    from proptech_pipelines.pipeline.plan import tools_of, wanted_by  # noqa: PLC0415
    from proptech_pipelines.pipeline.priority import stand_back  # noqa: PLC0415

    settings = Settings.load(home)
    stand_back()
    with open_lake(settings) as con, Leases(settings) as leases:
        yield con, lambda: wanted_by(settings, con), tools_of(settings, leases, on_slice=_show_slice)


def _show_slice(built: "Built") -> None:
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    console.print(
        f"  {built.writer}: {built.rows:,} rows, at transaction {built.input_commit:,} of {built.head:,}"
    )


def _found(con: "Connection", plan_id: str) -> "Plan":
    from proptech_pipelines.errors import SettingsError  # noqa: PLC0415
    from proptech_pipelines.lake.plans import read_plan  # noqa: PLC0415

    found = read_plan(con, plan_id)
    if found is None:
        raise SettingsError(f"There is no plan {plan_id}, or more than one.", "see `proptech plan show`.")
    return found


def _print(item: "Plan", *, in_full: bool) -> None:
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    console.print(
        f"[bold]{item.plan_id[:8]}[/bold] {item.level}, {item.state}: {len(item.tables)} tables, "
        f"{item.events:,} rows, {item.bytes / 1e6:,.1f} MB, about {item.seconds:,.0f} s"
    )
    if not in_full:
        return
    for subject, (before, after) in item.schemas.items():
        console.print(f"  schema {subject}: version {before or '?'} to {after or '?'}")
    for change in item.changes:
        console.print(
            f"  {change['level']:<9} {change['table']}: {'; '.join(change['reasons'])}", markup=False
        )
        for column in change["columns"]:
            console.print(
                f"            {column['column']}: {column['level']}, {column['reason']}", markup=False
            )
