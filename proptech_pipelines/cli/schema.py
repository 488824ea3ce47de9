"""`proptech schema check`."""

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.errors import IncompatibleSchema, RegistryUnavailable
from proptech_pipelines.settings import Settings

if TYPE_CHECKING:
    from proptech_pipelines.contracts.schema_changes import SchemaChange
    from proptech_pipelines.contracts.schema_check import Refusal
    from proptech_pipelines.models.changes import TableChange

schema = typer.Typer(help="Look at Avro schemas before they are registered.", no_args_is_help=True)


@schema.callback()
def options() -> None:
    """Look at Avro schemas before they are registered."""


@schema.command()
def check(
    file: Annotated[Path, typer.Argument(help="The schema, as an .avsc file.", exists=True, dir_okay=False)],
    topic: Annotated[
        str,
        typer.Option("--topic", help="Its topic; default: by the file's folder, or by the record's name."),
    ] = "",
    home: Home = None,
) -> None:
    """Tell what a schema changes, whether the registry will take it, and what it would rebuild.

    Ends with code 1 where it is refused. Nothing is registered.
    """
    from proptech_pipelines.contracts import schema_check  # noqa: PLC0415
    from proptech_pipelines.contracts.schema_changes import schema_changes  # noqa: PLC0415

    text = file.read_text()
    name = topic or schema_check.topic_of_schema(file, text)
    if name not in schema_check.schema_topics():
        raise IncompatibleSchema(
            f"No topic {name} has a schema.", f"choose one of {', '.join(schema_check.schema_topics())}."
        )
    former = schema_check.former_versions(name, file)
    registered, note = _registered(name, Settings.load(home))
    refused = schema_check.refusals({**former, **registered}, text, name)
    newest = list(former.values())[-1:]
    changes = [change for old in newest for change in schema_changes(old, text)]
    _show_changes(name, list(former), changes)
    _show_answer(refused, [*former, *registered], note)
    if refused:
        raise typer.Exit(1)
    if newest:
        _show_tables(_rebuilt(name, newest[0], text), name)


def _registered(name: str, settings: Settings) -> tuple[dict[str, str], str]:
    """The registry's versions by what they are called, and what to say of the registry."""
    from proptech_pipelines.contracts.registry import Registry  # noqa: PLC0415

    if not settings.schema_registry_url:
        return {}, "No registry is known; only the versions in this package were compared."
    try:
        with closing(Registry(settings.schema_registry_url)) as registry:
            found = registry.versions(f"{name}-value")
    except RegistryUnavailable as error:
        return {}, f"{error.message} Only the versions in this package were compared."
    return {f"the registry's version {number}": text for number, text in found.items()}, ""


def _rebuilt(name: str, old: str, new: str) -> "Sequence[TableChange]":
    """What the new schema does to the tables of this installation, once staging reads by it."""
    from proptech_pipelines.contracts.readers import with_columns  # noqa: PLC0415
    from proptech_pipelines.contracts.topics import schema_versions  # noqa: PLC0415
    from proptech_pipelines.lake.generations import checkout_graph  # noqa: PLC0415
    from proptech_pipelines.lake.tables import RESERVED_COLUMNS  # noqa: PLC0415
    from proptech_pipelines.models.changes import table_changes  # noqa: PLC0415
    from proptech_pipelines.models.fingerprint import newest_readers  # noqa: PLC0415
    from proptech_pipelines.models.graph import Graph  # noqa: PLC0415
    from proptech_pipelines.models.widened import widened  # noqa: PLC0415

    graph = checkout_graph()
    readers = newest_readers(graph)
    models = list(graph.models.values())
    # A version that the installation ships is read as its models are written; any other brings columns of its own.
    if json.dumps(json.loads(new), separators=(",", ":")) not in schema_versions(name):
        wide = with_columns(new, RESERVED_COLUMNS)
        models = [widened(item, wide, RESERVED_COLUMNS) if item.topic == name else item for item in models]
    return table_changes(graph, {**readers, name: old}, Graph.of(models), {**readers, name: new})


def _show_changes(name: str, former: Sequence[str], changes: "Sequence[SchemaChange]") -> None:
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    if not former:
        console.print(f"{name}: the first version.", markup=False)
        return
    told = "nothing changes." if not changes else f"{len(changes)} changes since {former[-1]}:"
    console.print(f"{name}: {told.replace('1 changes', '1 change')}", markup=False)
    for change in changes:
        console.print(
            f"  {change.kind} ({change.compatibility}): {change.sentence}", markup=False, soft_wrap=True
        )


def _show_answer(refused: "Sequence[Refusal]", compared: Sequence[str], note: str) -> None:
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    if refused:
        console.print("[red]Refused[/red] (FULL_TRANSITIVE, and what tables can hold):")
        for item in refused:
            console.print(f"  {item.field or 'the record'}: {item.sentence}", markup=False, soft_wrap=True)
    elif compared:
        console.print(f"[green]Compatible[/green] with {', '.join(compared)}.")
    if note:
        console.print(note, markup=False, soft_wrap=True)


def _show_tables(changes: "Sequence[TableChange]", name: str) -> None:
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    built = [change for change in changes if change.must_be_built]
    if not built:
        console.print(
            f"No table reads what changes in {name}: nothing is built again.",
            markup=False,
            soft_wrap=True,
        )
    for change in built:
        console.print(f"Builds {change.table} again ({change.level}):", markup=False)
        for text in (*change.reasons, *(f"{item.column}: {item.reason}" for item in change.columns)):
            console.print(f"  {text}", markup=False, soft_wrap=True)
    for change in changes:
        if not change.must_be_built:
            console.print(f"Keeps {change.table}: {'; '.join(change.reasons)}.", markup=False, soft_wrap=True)
