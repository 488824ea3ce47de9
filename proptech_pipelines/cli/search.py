"""`proptech search`."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.cli.search_phrase import Search, Span, parse_search
from proptech_pipelines.settings import Settings

MOST_ROWS_SHOWN = 50
_COLUMNS = (
    "property_id",
    "status",
    "price",
    "bedrooms",
    "bathrooms",
    "square_feet",
    "property_type",
    "city",
    "state_code",
    "zip_code",
)


def search(
    phrase: Annotated[str, typer.Argument(help="What to look for: 3 bed sacramento under 300000")],
    home: Home = None,
) -> None:
    """Search the properties that can be bought, the cheapest first."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415
    from proptech_pipelines.lake.connection import connect  # noqa: PLC0415

    call = macro_call(parse_search(phrase))
    connection = connect(Settings.load(home), read_only=True)
    try:
        rows = connection.execute(f"select {', '.join(_COLUMNS)} from {call}").fetchall()
    finally:
        connection.close()
    if rows:
        console.print(_table(rows))
    if len(rows) > MOST_ROWS_SHOWN:
        console.print(f"The {MOST_ROWS_SHOWN} cheapest of {len(rows):,}.")
    elif not rows:
        console.print("Nothing found.")
    console.print(f"In SQL: from {call}", markup=False, soft_wrap=True)


def macro_call(wanted: Search) -> str:
    """The call of the lake's macro `search_properties` that finds what is `wanted`."""
    from proptech_pipelines.lake.property_macros import SEARCH  # noqa: PLC0415

    return f"{SEARCH}({', '.join(_arguments(wanted))})"


def _arguments(wanted: Search) -> Iterator[str]:
    from proptech_pipelines.lake.connection import quoted  # noqa: PLC0415

    yield from _bounds("beds", wanted.beds)
    yield from _bounds("baths", wanted.baths)
    yield from _bounds("price", wanted.price)
    texts = {
        "in_city": wanted.city,
        "in_zip": wanted.zip_code,
        "in_state": wanted.state_code,
        "of_type": wanted.property_type,
    }
    yield from (f"{name} := '{quoted(text)}'" for name, text in texts.items() if text)


def _bounds(name: str, span: Span) -> Iterator[str]:
    if span.low is not None:
        yield f"min_{name} := {_number(span.low)}"
    if span.high is not None:
        yield f"max_{name} := {_number(span.high)}"


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _table(rows: list[Any]) -> Any:
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    numbers = {"price", "bedrooms", "bathrooms", "square_feet"}
    whole = {"property_id", "price"}  # on a narrow terminal the others are cut
    table = Table(
        *(
            Column(name, justify="right" if name in numbers else "left", no_wrap=name in whole)
            for name in _COLUMNS
        )
    )
    for row in rows[:MOST_ROWS_SHOWN]:
        table.add_row(*(Text(_shown(value)) for value in row))
    return table


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
