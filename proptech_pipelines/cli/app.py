"""The table of commands. A new one is a module beside this with a function of the same name, and a line here.

Modules of commands import what is slow inside their functions, so that `--help` stays quick.
"""

import sys
from typing import Annotated

import typer

from proptech_pipelines.cli.attach import attach
from proptech_pipelines.cli.backfill import backfill
from proptech_pipelines.cli.bench import bench
from proptech_pipelines.cli.check import check
from proptech_pipelines.cli.dead_letters import dead_letters
from proptech_pipelines.cli.down import down
from proptech_pipelines.cli.late import late
from proptech_pipelines.cli.log import log
from proptech_pipelines.cli.plan import plan, purge, rollback
from proptech_pipelines.cli.property import property_
from proptech_pipelines.cli.query import query
from proptech_pipelines.cli.schema import schema
from proptech_pipelines.cli.screen import show_error
from proptech_pipelines.cli.search import search
from proptech_pipelines.cli.status import status
from proptech_pipelines.cli.up import up
from proptech_pipelines.errors import ProptechError, SettingsError

COMMANDS = (up, down, status, query, property_, search, attach, backfill, rollback, purge, check)
GROUPS: dict[str, typer.Typer] = {
    "bench": bench,
    "dead-letters": dead_letters,
    "late": late,
    "log": log,
    "plan": plan,
    "schema": schema,
}
"""Commands with commands of their own, by name."""

app = typer.Typer(
    help="Kafka to market tables, exactly once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in COMMANDS:
    app.command(_command.__name__.rstrip("_"))(_command)  # `property` is a builtin, hence `property_`
for _name, _group in GROUPS.items():
    app.add_typer(_group, name=_name)


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Kafka to market tables, exactly once."""
    context.obj = debug


def main() -> None:
    """Run the command line. An error of ours, or of a file that was named, ends it with one panel and exit code 1."""
    debug = "--debug" in sys.argv[1:2]
    try:
        app()
    except (ProptechError, OSError, UnicodeDecodeError) as error:
        if debug:
            raise
        show_error(error if isinstance(error, ProptechError) else _of_file(error))
        sys.exit(1)


def _of_file(error: OSError | UnicodeDecodeError) -> ProptechError:
    if isinstance(error, UnicodeDecodeError):
        return SettingsError(f"A file is not UTF-8: {error}.", "name another file, or write it as UTF-8.")
    named = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return SettingsError(
        f"{named}.", "name a file or folder that can be used; `proptech --debug ...` shows where it failed."
    )
