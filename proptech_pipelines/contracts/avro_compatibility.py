"""Whether data written with one Avro schema can be read with another, by Avro's rules of schema resolution.

The question is about schemas, not about data: a pair is compatible when *every* datum of the writer can be read.
Names of records, enums and fixed types are compared without their namespace, as the registry does. One rule is
ours: two different logical types do not resolve, because microseconds read as milliseconds would be wrong without
an error. Promoting bytes to a string counts as compatible, although bytes that are no UTF-8 become dead letters.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import fastavro

from proptech_pipelines.errors import IncompatibleSchema, SchemaNotAvro

Json = Any
"""A value as json.loads gives it."""
PROMOTIONS: dict[str, frozenset[str]] = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
_NAMED = ("record", "enum", "fixed", "error")


@dataclass(frozen=True)
class Fault:
    """Why some datum cannot be read. `field` is the path of the field, as `address.street`; empty for the record."""

    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.field}: {self.text}" if self.field else self.text


@dataclass(frozen=True, eq=False)
class AvroRecord:
    """A parsed record schema: its own type, and the named types that it refers to by full name."""

    type: dict[str, Json]
    named: dict[str, Json]

    def resolved(self, kind: Json) -> Json:
        """`kind` with a name looked up and wrapping (`{"type": {...}}`) taken off."""
        while True:
            if isinstance(kind, str) and kind in self.named:
                kind = self.named[kind]
            elif isinstance(kind, dict) and isinstance(kind.get("type"), dict | list):
                kind = kind["type"]
            else:
                return kind


@lru_cache(maxsize=1024)
def parse_avro_record(text: str) -> AvroRecord:
    """Parse the schema of a record.

    Raises SchemaNotAvro for a text that is no Avro schema, IncompatibleSchema for Avro that is not a record.
    """
    try:
        parsed: Json = fastavro.parse_schema(json.loads(text))
        is_record = isinstance(parsed, dict) and parsed.get("type") == "record"
    except Exception as error:  # fastavro raises whatever comes to hand on what is no schema
        raise SchemaNotAvro(
            f"The schema {text[:60]!r} is not Avro ({error}).", "correct the file."
        ) from error
    if not is_record:
        raise IncompatibleSchema(f"The schema {text[:60]!r} is not a record.", "write the topic's record.")
    return AvroRecord(parsed, parsed["__named_schemas"])


def faults(writer: AvroRecord, reader: AvroRecord) -> list[Fault]:
    """All reasons why some datum of `writer` cannot be read as `reader`; none where every one can."""
    return list(_faults(_Pair(writer, reader), writer.type, reader.type, ""))


def type_faults(
    writer: AvroRecord,
    reader: AvroRecord,
    written: Json,
    wanted: Json,
    path: str,
    inside: frozenset[tuple[str, str]] = frozenset(),
) -> list[Fault]:
    """Why some value of the writer's type `written` cannot be read as the reader's type `wanted`.

    Pairs of records (the writer's name, the reader's name) in `inside` are judged by the caller.
    """
    return list(_faults(_Pair(writer, reader, inside), written, wanted, path))


def source_of(writer_fields: list[Json], reader_field: Json) -> Json | None:
    """The writer's field that the reader's is read from, by its name or else by an alias."""
    by_name = {item["name"]: item for item in writer_fields}
    names = (reader_field["name"], *reader_field.get("aliases", ()))
    return next((by_name[name] for name in names if name in by_name), None)


def field_faults(
    writer: AvroRecord,
    reader: AvroRecord,
    written: Json | None,
    wanted: Json,
    path: str,
    inside: frozenset[tuple[str, str]] = frozenset(),
) -> list[Fault]:
    """Why the reader's field `wanted` cannot always be read from the writer's field `written` (None: not written)."""
    if written is None:
        return [] if "default" in wanted else [Fault(path, "it was not written and has no default")]
    return type_faults(writer, reader, written["type"], wanted["type"], path, inside)


def logical_type(kind: Json) -> str | None:
    """The logical type of a resolved type that is no union; that of a decimal with its scale."""
    if not isinstance(kind, dict) or "logicalType" not in kind:
        return None
    name = str(kind["logicalType"])
    return f"decimal with scale {kind.get('scale', 0)}" if name == "decimal" else name


def type_name(kind: Json) -> str:
    """How a resolved type is called in a sentence."""
    if isinstance(kind, list):
        return " or ".join(type_name(item) for item in kind)
    if isinstance(kind, str):
        return last(kind)
    named = f" {last(kind['name'])}" if kind["type"] in _NAMED else ""
    logical = f" ({kind['logicalType']})" if "logicalType" in kind else ""
    if kind["type"] == "array":
        return f"array of {type_name(kind['items'])}"
    if kind["type"] == "map":
        return f"map of {type_name(kind['values'])}"
    return f"{kind['type']}{named}{logical}"


def last(name: str) -> str:
    """A name without its namespace."""
    return name.rsplit(".", 1)[-1]


@dataclass(frozen=True, eq=False)
class _Pair:
    writer: AvroRecord
    reader: AvroRecord
    inside: frozenset[tuple[str, str]] = frozenset()
    """Pairs of records that are being compared: a record may hold itself."""


def _faults(pair: _Pair, written: Json, wanted: Json, path: str) -> Iterator[Fault]:
    written, wanted = pair.writer.resolved(written), pair.reader.resolved(wanted)
    if isinstance(written, list):
        for branch in written:
            yield from _faults(pair, branch, wanted, path)
    elif isinstance(wanted, list):
        yield from _union_faults(pair, written, wanted, path)
    else:
        yield from _type_faults(pair, written, wanted, path)


def _union_faults(pair: _Pair, written: Json, wanted: list[Json], path: str) -> Iterator[Fault]:
    """The first branch of the same kind is the one that is read; it alone must fit, or any by promotion."""
    tried: list[list[Fault]] = []
    for branch in wanted:
        found = list(_type_faults(pair, written, pair.reader.resolved(branch), path))
        if not found:
            return
        if kind_of(pair.reader.resolved(branch)) == kind_of(written):
            tried.append(found)
    if tried:
        yield from tried[0]
    else:
        yield Fault(path, f"{type_name(written)} is none of {type_name(wanted)}")


def _type_faults(pair: _Pair, written: Json, wanted: Json, path: str) -> Iterator[Fault]:
    kind, other = kind_of(written), kind_of(wanted)
    if kind != other:
        if other not in PROMOTIONS.get(kind, ()):
            yield Fault(path, f"{type_name(written)} cannot be read as {type_name(wanted)}")
            return
    elif kind in _NAMED and not _same_name(written, wanted):
        yield Fault(path, f"{type_name(written)} is not {type_name(wanted)}")
        return
    logical, other_logical = logical_type(written), logical_type(wanted)
    if logical and other_logical and logical != other_logical:
        yield Fault(path, f"{logical} is not {other_logical}")
    yield from _inner_faults(pair, written, wanted, path)


def _inner_faults(pair: _Pair, written: Json, wanted: Json, path: str) -> Iterator[Fault]:
    match kind_of(written):
        case "array":
            yield from _faults(pair, written["items"], wanted["items"], path)
        case "map":
            yield from _faults(pair, written["values"], wanted["values"], path)
        case "fixed" if written["size"] != wanted["size"]:
            yield Fault(path, f"{written['size']} bytes are not {wanted['size']}")
        case "enum":
            unknown = [item for item in written["symbols"] if item not in wanted["symbols"]]
            if unknown and "default" not in wanted:
                yield Fault(path, f"the enum lacks {', '.join(unknown)} and has no default symbol")
        case "record" | "error":
            yield from _record_faults(pair, written, wanted, path)
        case _:
            pass


def _record_faults(pair: _Pair, written: Json, wanted: Json, path: str) -> Iterator[Fault]:
    names = (written["name"], wanted["name"])
    if names in pair.inside:
        return
    pair = replace(pair, inside=pair.inside | {names})
    taken: dict[str, str] = {}
    for item in wanted["fields"]:
        where = f"{path}.{item['name']}" if path else item["name"]
        source = source_of(written["fields"], item)
        if source is None:
            if "default" not in item:
                yield Fault(where, "it was not written and has no default")
            continue
        if source["name"] in taken:
            yield Fault(where, f"{source['name']} is read as {taken[source['name']]} already")
        taken[source["name"]] = item["name"]
        yield from _faults(pair, source["type"], item["type"], where)
    yield from _doubled(written, wanted, path)


def _doubled(written: Json, wanted: Json, path: str) -> Iterator[Fault]:
    """A field whose name and alias were both written: which one is meant, readers decide differently."""
    names = {item["name"] for item in wanted["fields"]}
    for item in wanted["fields"]:
        meant = {item["name"], *item.get("aliases", ())}
        both = [other["name"] for other in written["fields"] if other["name"] in meant]
        both = [name for name in both if name == item["name"] or name not in names]
        if len(both) > 1:
            where = f"{path}.{item['name']}" if path else item["name"]
            yield Fault(where, f"{' and '.join(both)} were both written, and it is another name of both")


def kind_of(kind: Json) -> str:
    """The kind of a resolved type that is no union."""
    return kind["type"] if isinstance(kind, dict) else kind


def _same_name(written: Json, wanted: Json) -> bool:
    names = {last(wanted["name"]), *(last(alias) for alias in wanted.get("aliases", ()))}
    return last(written["name"]) in names
