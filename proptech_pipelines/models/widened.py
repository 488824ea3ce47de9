"""A staging model that takes in fields which it does not name: the columns that a newer schema brings."""

import re
from dataclasses import replace

from proptech_pipelines.contracts.readers import new_fields
from proptech_pipelines.models.fingerprint import seen_names
from proptech_pipelines.models.model import Model, parse_model

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FROM = "\nfrom decoded"


def widened(model: Model, reader: str) -> Model:
    """`model`, read by the schema `reader`, with a column in snake case for each field that it does not name.

    The columns stand last, so that nothing else about the table changes. A field whose column would bear the name
    of another is left out: its values stay in the log.
    """
    taken = set(model.column_names)
    lines: list[str] = []
    for name, doc in new_fields(reader, seen_names(model)):
        column = snake_case(name)
        if column not in taken:
            taken.add(column)
            about = " ".join((doc or f"Field {name} of a newer schema").split())
            lines.append(f"    {name} as {column} -- {about}")
    if not lines:
        return replace(model, reader_schema=reader)
    head, _, tail = model.text.rpartition(_FROM)
    last = head.rstrip().rsplit("\n", 1)
    text = f"{_with_comma(last)}\n{_joined(lines)}{_FROM}{tail}"
    return replace(parse_model(model.name, model.folder, text), reader_schema=reader)


def snake_case(name: str) -> str:
    """`energyRating` as `energy_rating`."""
    return _WORDS.sub("_", name).lower()


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
