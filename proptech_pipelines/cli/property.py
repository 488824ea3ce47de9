"""`proptech property`."""

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.errors import ProptechError
from proptech_pipelines.moments import utc_moment
from proptech_pipelines.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table

_ORDER = "event_time, topic_epoch, kafka_partition, kafka_offset"


def property_(
    property_id: Annotated[str, typer.Argument(help="Identifier of the property.")],
    as_of: Annotated[
        str, typer.Option(help="As it was then: only the steps that had happened, by their event time.")
    ] = "",
    as_known: Annotated[
        str, typer.Option(help="As we knew it then: only the steps that the lake had taken in.")
    ] = "",
    home: Home = None,
) -> None:
    """Print the story of a property and its state.

    Times are written as 2024-05-01T10:00, UTC unless they name a zone; steps at the very moment count.
    """
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.lake.connection import connect  # noqa: PLC0415

    times = time_arguments(as_of, as_known)
    connection = connect(Settings.load(home), read_only=True)
    try:
        connection.execute("begin transaction")  # one snapshot for all three
        states = _select(connection, f"* from property_current_as_of({times})", property_id)
        steps = _select(
            connection, f"{_ORDER}, story from property_history_as_of({times})", property_id, _ORDER
        )
        marks = _select(
            connection, f"{_ORDER}, mark from property_history_marks_as_of({times})", property_id, "mark"
        )
    finally:
        connection.close()
    if not states:
        raise ProptechError(
            f"Nothing is known of property {property_id}{' at that time' if times else ''}.",
            "find properties with `proptech search`, or ask for a later time.",
        )
    console.print(_story(property_id, steps, marks))
    console.print(_state(states[0]))
    console.print(f"In SQL: from property_current_as_of({times})", markup=False, soft_wrap=True)


def time_arguments(as_of: str, as_known: str) -> str:
    """The arguments of the lake's `..._as_of` macros for two times, each of which may be empty.

    Raises SettingsError for a text that is no time.
    """
    given = {"as_of": as_of, "as_known": as_known}
    return ", ".join(f"{name} := timestamp '{_utc(name, text)}'" for name, text in given.items() if text)


def _utc(name: str, text: str) -> str:
    moment = utc_moment(text, f"--{name.replace('_', '-')}")
    return moment.replace(tzinfo=None).isoformat(sep=" ")


def _select(connection: Any, what: str, property_id: str, order: str = "property_id") -> list[dict[str, Any]]:
    found = connection.execute(f"select {what} where property_id = ? order by {order}", [property_id])
    names = [str(column[0]) for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _story(property_id: str, steps: list[dict[str, Any]], marks: list[dict[str, Any]]) -> "Table":
    """The steps with what is odd about them and where their records are."""
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    marked: defaultdict[tuple[Any, ...], list[str]] = defaultdict(list)
    for mark in marks:
        marked[_coordinates(mark)].append(mark["mark"])
    # The id comes from outside: it is text and no markup.
    title = Text(f"The story of {property_id}")
    numbers = [Column(name, justify="right") for name in ("partition", "offset")]
    table = Table("when", "what", "marks", *numbers, title=title)
    for step in steps:
        where = _coordinates(step)
        table.add_row(str(step["event_time"]), step["story"], ", ".join(marked[where]), *map(str, where[1:]))
    return table


def _coordinates(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["topic_epoch"], row["kafka_partition"], row["kafka_offset"]


def _state(state: dict[str, Any]) -> "Table":
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table("state", "value")
    for name, value in state.items():
        text = "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
        table.add_row(name, Text(text))
    return table
