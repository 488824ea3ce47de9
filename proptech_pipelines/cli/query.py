"""`proptech query`."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Protocol

import typer

from proptech_pipelines.cli.options import Home
from proptech_pipelines.errors import ProptechError
from proptech_pipelines.settings import Settings

MOST_ROWS_SHOWN = 200
_ROWS_AT_ONCE = 10_000


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Rows(Protocol):
    """What a query gave: columns (name first) and rows to fetch."""

    @property
    def description(self) -> list[Any]:
        """One entry a column."""
        ...

    def fetchmany(self, size: int = 1, /) -> list[Any]:
        """The next rows."""
        ...


def query(
    sql: Annotated[str, typer.Argument(help="A SELECT over the lake's tables.")],
    home: Home = None,
    format_: Annotated[
        Format, typer.Option("--format", help="A table to look at (the first 200 rows), or all rows.")
    ] = Format.TABLE,
) -> None:
    """Run a query on the lake, read only, while everything else goes on."""
    from proptech_pipelines.lake.connection import connect  # noqa: PLC0415

    if not sql.strip():
        raise ProptechError(
            "The query is empty.", 'give a SELECT, as in `proptech query "FROM market_alerts"`.'
        )
    connection = connect(Settings.load(home), read_only=True)
    try:
        _PRINTERS[format_](connection.execute(sql))
    except OSError:  # the reader of our output has gone
        raise
    except Exception as error:  # whatever the engine says about the person's SQL
        raise ProptechError(f"The query failed: {error}", "mend the SQL.") from error
    finally:
        connection.close()


def _rows(result: Rows) -> Iterator[tuple[object, ...]]:
    while batch := result.fetchmany(_ROWS_AT_ONCE):
        yield from batch


def _names(result: Rows) -> list[str]:
    return [str(column[0]) for column in result.description]


def _print_table(result: Rows) -> None:
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    table = Table(*(Column(Text(name)) for name in _names(result)))
    shown = list(islice(_rows(result), MOST_ROWS_SHOWN + 1))
    for row in shown[:MOST_ROWS_SHOWN]:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    console.print(table)
    if len(shown) > MOST_ROWS_SHOWN:
        console.print(f"The first {MOST_ROWS_SHOWN} rows; --format csv or json prints all.")


def _print_csv(result: Rows) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_names(result))
    writer.writerows(_rows(result))


def _print_json(result: Rows) -> None:
    """A JSON array of objects, one a line; dates, decimals and bytes as text."""
    names = _names(result)
    separator = "["
    for row in _rows(result):
        sys.stdout.write(separator + json.dumps(dict(zip(names, row, strict=True)), default=str))
        separator = ",\n "
    sys.stdout.write("[]\n" if separator == "[" else "]\n")


_PRINTERS: dict[Format, Callable[[Rows], None]] = {
    Format.TABLE: _print_table,
    Format.CSV: _print_csv,
    Format.JSON: _print_json,
}
