"""What a change of an Avro schema is, and who can read whom: by table, and against fastavro over random pairs."""

import json

import pytest
from hypothesis import given, settings

from proptech_pipelines.contracts.avro_compatibility import faults, parse_avro_record
from proptech_pipelines.contracts.schema_changes import schema_changes
from proptech_pipelines.errors import IncompatibleSchema, SchemaNotAvro
from proptech_pipelines_tests.contracts.avro_strategies import EXAMPLES, encode, reference
from proptech_pipelines_tests.contracts.schema_pairs import covering_values, schema_pairs


def record(*fields, name="R", **more):
    return json.dumps({"type": "record", "name": name, "fields": list(fields), **more})


def field(kind, name="f", **more):
    return {"name": name, "type": kind, **more}


def is_read(writer, reader, value):
    """Whether fastavro reads `value`, written with one schema, with the other."""
    datum = encode(writer, value)
    try:
        reference(writer, datum, reader)
    except Exception:
        return False
    return True


@settings(EXAMPLES, max_examples=150)
@given(schema_pairs())
def test_what_is_called_readable_fastavro_reads_and_of_the_rest_it_fails_on_some_datum(pair):
    old, new = pair
    changes = schema_changes(old, new)
    for writer, reader, ours in (
        (old, new, all(change.backward for change in changes)),
        (new, old, all(change.forward for change in changes)),
    ):
        assert ours is not bool(faults(parse_avro_record(writer), parse_avro_record(reader)))
        read = [is_read(writer, reader, value) for value in covering_values(json.loads(writer))]
        assert all(read) is ours


ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
WITH_DEFAULT = {**ENUM, "default": "A"}
MILLIS, MICROS = ({"type": "long", "logicalType": f"timestamp-{unit}"} for unit in ("millis", "micros"))
INNER = {"type": "record", "name": "N", "fields": [field("int", "x")]}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ([field("int")], [field("int")], []),
        (
            [],
            [field("int", default=0)],
            [("f", "added", "full", "f: the field is new, with default 0.")],
        ),
        (
            [],
            [field("int")],
            [
                (
                    "f",
                    "added",
                    "forward",
                    "f: the field is new, without a default; old records cannot be read: it was not written "
                    "and has no default.",
                )
            ],
        ),
        ([field("int", default=0)], [], [("f", "removed", "full", "f: the field is gone.")]),
        (
            [field("int")],
            [],
            [
                (
                    "f",
                    "removed",
                    "backward",
                    "f: the field is gone; old readers cannot read it: it was not written and has no default.",
                )
            ],
        ),
        (
            [field("int", default=0)],
            [field("int", "g", aliases=["f"], default=0)],
            [("g", "renamed", "full", "g: f became g.")],
        ),
        (
            [field("int")],
            [field("int", "g", aliases=["f"])],
            [
                (
                    "g",
                    "renamed",
                    "backward",
                    "g: f became g; old readers cannot read it: it was not written and has no default.",
                )
            ],
        ),
        (
            [field("int"), field("int", "g"), field("int", "h")],
            [field("int", "h"), field("int"), field("int", "g")],
            [("h", "moved", "full", "h: the field stands at another place.")],
        ),
        (
            [field("int")],
            [field("long")],
            [
                (
                    "f",
                    "type",
                    "backward",
                    "f: int became long; old readers cannot read it: long cannot be read as int.",
                )
            ],
        ),
        ([field("string")], [field("bytes")], [("f", "type", "full", "f: string became bytes.")]),
        (
            [field("int", default=0)],
            [field("int", default=1)],
            [("f", "default", "full", "f: the default was 0 and is 1.")],
        ),
        (
            [field("int")],
            [field("int", doc="Rooms.")],
            [("f", "doc", "full", "f: its documentation changed.")],
        ),
        (
            [field("int")],
            [field("int", aliases=["g"])],
            [("f", "aliases", "full", "f: it has other aliases.")],
        ),
        (
            [field(WITH_DEFAULT)],
            [field({**WITH_DEFAULT, "symbols": ["A", "B", "C"]})],
            [("f", "symbols", "full", "f: the enum E gained C.")],
        ),
        (
            [field(ENUM)],
            [field({**ENUM, "symbols": ["A"]})],
            [
                (
                    "f",
                    "symbols",
                    "forward",
                    "f: the enum E lost B; old records cannot be read: the enum lacks B and has no default symbol.",
                )
            ],
        ),
        (
            [field("int")],
            [field(["null", "int"])],
            [
                (
                    "f",
                    "union",
                    "backward",
                    "f: it may also be null; old readers cannot read it: null cannot be read as int.",
                )
            ],
        ),
        (
            [field(["null", "int"])],
            [field(["int", "null"])],
            [("f", "union", "full", "f: the branches of the union stand in another order.")],
        ),
        (
            [field(INNER)],
            [field({**INNER, "fields": [field("int", "x"), field("int", "y", default=0)]})],
            [("f.y", "added", "full", "f.y: the field is new, with default 0.")],
        ),
        (
            [field({"type": "array", "items": ["null", INNER]})],
            [field({"type": "array", "items": ["null", {**INNER, "fields": [field("long", "x")]}]})],
            [
                (
                    "f.x",
                    "type",
                    "backward",
                    "f.x: int became long; old readers cannot read it: long cannot be read as int.",
                )
            ],
        ),
        (
            [field({"type": "map", "values": "int"})],
            [field({"type": "map", "values": "string"})],
            [
                (
                    "f",
                    "type",
                    "none",
                    "f: int became string; old records cannot be read: int cannot be read as string; "
                    "old readers cannot read it: string cannot be read as int.",
                )
            ],
        ),
        (
            [field("long")],
            [field(MILLIS)],
            [("f", "logical type", "full", "f: no logical type became timestamp-millis.")],
        ),
        (
            [field(["null", MILLIS])],
            [field(["null", MICROS])],
            [
                (
                    "f",
                    "logical type",
                    "none",
                    "f: timestamp-millis became timestamp-micros; old records cannot be read: two different "
                    "logical types do not resolve; old readers cannot read it: two different logical types "
                    "do not resolve.",
                )
            ],
        ),
    ],
)
def test_each_change_is_named_with_who_can_read_whom(old, new, told):
    found = schema_changes(record(*old), record(*new))
    assert [(item.field, item.kind, item.compatibility, item.sentence) for item in found] == told


def test_a_record_may_hold_itself():
    old = record(field(["null", "R"], "next", default=None), field("int"))
    new = record(field(["null", "R"], "next", default=None), field("long"))
    assert [(item.field, item.compatibility) for item in schema_changes(old, new)] == [("f", "backward")]


def test_a_decimal_of_another_scale_does_not_resolve():
    """fastavro reads 1.00 as 10.0."""
    one, two = (
        {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": scale} for scale in (1, 2)
    )
    (change,) = schema_changes(record(field(one)), record(field(two)))
    assert (change.kind, change.compatibility) == ("logical type", "none")


def test_a_field_that_was_written_under_two_names_of_the_reader_is_a_fault():
    """By Avro's aliases it would be read twice; fastavro fails on it."""
    writer = record(field("int"), field("int", "g"))
    reader = record(field("int", aliases=["g"]))
    assert not is_read(writer, reader, {"f": 1, "g": 2})
    (fault,) = faults(parse_avro_record(writer), parse_avro_record(reader))
    assert str(fault) == "f: f and g were both written, and it is another name of both"


@pytest.mark.parametrize("text", ["", "{", "{}", '{"type": "record"}'])
def test_what_is_no_schema_is_told(text):
    with pytest.raises(SchemaNotAvro):
        schema_changes(text, record())


def test_what_is_no_record_is_told():
    with pytest.raises(IncompatibleSchema, match="is not a record"):
        schema_changes(record(), '"string"')
