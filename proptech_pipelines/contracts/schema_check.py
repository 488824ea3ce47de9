"""Whether a schema may become the next version of its topic, before anything is registered.

A version must be FULL_TRANSITIVE: it and each former version read each other's data. Its defaults must be
values of their fields. And where the platform consumes the topic, a table must be able to hold its fields.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from proptech_pipelines.contracts.avro_compatibility import (
    AvroRecord,
    Json,
    faults,
    kind_of,
    parse_avro_record,
    type_name,
)
from proptech_pipelines.contracts.avro_schema import parse_record_schema
from proptech_pipelines.contracts.topics import INPUT_TOPICS, NAMESPACE, Topic, schema_versions, topic
from proptech_pipelines.errors import IncompatibleSchema


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(bits: int) -> Callable[[Json], bool]:
    limit = 1 << (bits - 1)
    return lambda value: _is_number(value) and isinstance(value, int) and -limit <= value < limit


_SIMPLE: Mapping[str, Callable[[Json], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "int": _is_integer(32),
    "long": _is_integer(64),
    "float": _is_number,
    "double": _is_number,
    "string": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, str),
    "fixed": lambda value: isinstance(value, str),
}
"""Whether a JSON value is a default of the type, for types that hold no other."""


@dataclass(frozen=True)
class Refusal:
    """Why a schema is refused. `field` is the path of the field at fault, empty for the record."""

    field: str
    sentence: str


def refusals(former: Mapping[str, str], text: str, name: str) -> tuple[Refusal, ...]:
    """Why the schema `text` may not follow the versions `former` of topic `name`; empty where it may.

    `former` gives each version's text by what it is to be called. Raises SchemaNotAvro and IncompatibleSchema
    for a text that is no record.
    """
    new = parse_avro_record(text)
    found = [*_wrong_defaults(new)]
    for called, other in former.items():
        old = parse_avro_record(other)
        for fault in faults(old, new):
            found.append(Refusal(fault.field, f"it cannot read every record of {called}: {fault.text}"))
        for fault in faults(new, old):
            found.append(Refusal(fault.field, f"{called} cannot read every record of it: {fault.text}"))
    if name in {item.name for item in INPUT_TOPICS}:
        found += _not_for_tables(topic(name), text)
    return tuple(dict.fromkeys(found))


def schema_topics() -> tuple[str, ...]:
    """The topics that have schemas in this package, sorted."""
    return tuple(sorted(item.name for item in _folder().iterdir() if item.is_dir()))


def topic_of_schema(path: Path, text: str) -> str:
    """The topic that a schema file is for: that of its folder, or else the one whose record has its name.

    Raises IncompatibleSchema where neither says.
    """
    names = schema_topics()
    if path.absolute().parent.name in names:
        return path.absolute().parent.name
    record = parse_avro_record(text).type["name"]
    fitting = [name for name in names if parse_avro_record(schema_versions(name)[-1]).type["name"] == record]
    if len(fitting) != 1:
        raise IncompatibleSchema(
            f"{path.name} is a record {record}, which is no topic's.",
            f"name the topic with --topic, or the record {NAMESPACE}.<name> as a topic's is named.",
        )
    return fitting[0]


def former_versions(name: str, path: Path) -> dict[str, str]:
    """The versions of topic `name` in this package by what they are called, oldest first.

    For a file of the package itself these are the versions before it.
    """
    found = {f"version {number}": text for number, text in enumerate(schema_versions(name), 1)}
    own = path.absolute().resolve()
    if own.parent == Path(str(_folder() / name)).resolve():
        found = dict(list(found.items())[: int(own.stem[1:]) - 1])
    return found


def _wrong_defaults(schema: AvroRecord) -> Iterator[Refusal]:
    for record in schema.named.values():
        if record["type"] != "record":
            continue
        prefix = "" if record["name"] == schema.type["name"] else f"{type_name(record)}."
        for item in record["fields"]:
            if "default" in item and not _fits(schema, item["default"], item["type"]):
                shown = json.dumps(item["default"])
                kind = type_name(schema.resolved(item["type"]))
                yield Refusal(prefix + item["name"], f"its default {shown} is no {kind}")


def _fits(schema: AvroRecord, value: Json, kind: Json) -> bool:
    """Whether `value` is JSON for a value of the type."""
    kind = schema.resolved(kind)
    if isinstance(kind, list):
        return any(_fits(schema, value, branch) for branch in kind)
    name = kind_of(kind)
    return _SIMPLE[name](value) if name in _SIMPLE else _fits_inside(schema, value, kind)


def _fits_inside(schema: AvroRecord, value: Json, kind: Json) -> bool:
    match kind_of(kind):
        case "array":
            return isinstance(value, list) and all(_fits(schema, item, kind["items"]) for item in value)
        case "map":
            return isinstance(value, dict) and all(
                _fits(schema, item, kind["values"]) for item in value.values()
            )
        case "enum":
            return value in kind["symbols"]
        case _:
            return isinstance(value, dict) and all(
                _fits(schema, value[item["name"]], item["type"])
                if item["name"] in value
                else "default" in item
                for item in kind["fields"]
            )


def _not_for_tables(item: Topic, text: str) -> Iterator[Refusal]:
    fields = {part.name: part for part in parse_record_schema(text).fields}
    for part in fields.values():
        if part.type.arrow is None:
            yield Refusal(part.name, "no table column can hold it: it must have one type, perhaps with null")
    if item.event_time not in fields or fields[item.event_time].type.kind != "long":
        yield Refusal(item.event_time, "the topic's event time must stay, as a long")


def _folder() -> Traversable:
    return resources.files("proptech_pipelines.contracts") / "schemas"
