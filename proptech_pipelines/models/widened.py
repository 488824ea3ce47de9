"""A staging model that takes in fields which it does not name: the columns that a newer schema brings."""

import re
from collections.abc import Collection
from dataclasses import replace
from functools import cache

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from proptech_pipelines.contracts.avro_schema import Field
from proptech_pipelines.contracts.readers import new_fields
from proptech_pipelines.contracts.storable import storable
from proptech_pipelines.errors import ModelError
from proptech_pipelines.models.fingerprint import seen_names
from proptech_pipelines.models.model import Model, parse_model, parse_select

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FROM = "\nfrom decoded"
_FIRST_DAY, _END_DAY = -719_162, 2_932_897
"""Days since 1970 of the first year, 1, and of the year 10000, which no table can keep any more."""
_DAY_MS = 86_400_000
_AS_TIMES = {
    ("date", "int"): ("date '1970-01-01' + {0}", 1),
    ("timestamp-millis", "long"): ("epoch_ms({0})", _DAY_MS),
    ("timestamp-micros", "long"): ("make_timestamp({0})", _DAY_MS * 1000),
    ("local-timestamp-millis", "long"): ("epoch_ms({0})", _DAY_MS),
    ("local-timestamp-micros", "long"): ("make_timestamp({0})", _DAY_MS * 1000),
}
"""Days, milliseconds and microseconds since 1970 as DATE and TIMESTAMP, and how many a day has. Other logical types,
and these on another type than Avro has them on, stay as they are."""


def widened(model: Model, reader: str, reserved: Collection[str]) -> Model:
    """`model`, read by the schema `reader`, with a column in snake case for each field that it does not name.

    The columns stand last, so that nothing else about the table changes. A field whose column would bear the name
    of another, or one of the names `reserved`, is left out: its values stay in the log.
    """
    taken = {*model.column_names, *reserved}
    lines: list[str] = []
    for item, doc in new_fields(reader, seen_names(model)):
        column = _column(item.name)
        if column not in taken:
            taken.add(column)
            about = " ".join(storable(doc or f"Field {item.name} of a newer schema").split())
            lines.append(f"    {_value(item)} as {column} -- {about}")
    if not lines:
        return replace(model, reader_schema=reader)
    head, _, tail = model.text.rpartition(_FROM)
    last = head.rstrip().rsplit("\n", 1)
    text = f"{_with_comma(last)}\n{_joined(lines)}{_FROM}{tail}"
    return replace(parse_model(model.name, model.folder, text), reader_schema=reader)


def snake_case(name: str) -> str:
    """`energyRating` as `energy_rating`."""
    return _WORDS.sub("_", name).lower()


def _column(name: str) -> str:
    """The name in snake case; a word of SQL gets an underscore behind it, so that nobody needs to quote the column."""
    column = snake_case(name)
    return f"{column}_" if _is_word_of_sql(column) else column


def _value(field: Field) -> str:
    """The field, or what it stands for; null for a time that no table can keep."""
    name = f'"{field.name}"' if _is_word_of_sql(field.name) else field.name
    as_time = _AS_TIMES.get((field.type.logical_type or "", field.type.kind))
    if as_time is None:
        return name
    expression, day = as_time
    first, end = _FIRST_DAY * day, _END_DAY * day
    return f"case when {name} >= {first} and {name} < {end} then {expression.format(name)} end"


@cache
def _is_word_of_sql(name: str) -> bool:
    """Whether `name` cannot stand for a column unless it is quoted."""
    if name.lower() in DuckDB.Generator.RESERVED_KEYWORDS:
        return True
    try:
        tree = parse_select(name, f"select {name} as {name} from decoded")
    except ModelError:
        return True
    return [column.name for column in tree.find_all(exp.Column)] != [name]


def _with_comma(lines: list[str]) -> str:
    """The SELECT so far, with a comma behind its last column and before that one's comment."""
    column, separator, comment = lines[-1].partition(" --")
    lines[-1] = f"{column.rstrip()},{separator}{comment}"
    return "\n".join(lines)


def _joined(lines: list[str]) -> str:
    columns = [line.partition(" -- ") for line in lines]
    last = len(columns) - 1
    return "\n".join(
        f"{column}{',' if place < last else ''}{separator}{comment}"
        for place, (column, separator, comment) in enumerate(columns)
    )
