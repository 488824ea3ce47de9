"""Schemas that go down and down, and some that fastavro parses although nobody can read by them: no record raises."""

import json

import pytest

from proptech_pipelines.contracts.avro_schema import parse_record_schema
from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason
from proptech_pipelines.contracts.decode import decode_datums
from proptech_pipelines.contracts.wire import Datums
from proptech_pipelines.errors import SchemaNotAvro

READER = json.dumps({"type": "record", "name": "R", "fields": [{"name": "s", "type": "string"}]})


def writer(extra: object) -> str:
    fields = [{"name": "s", "type": "string"}, {"name": "extra", "type": extra}]
    return json.dumps({"type": "record", "name": "R", "fields": fields})


def arrays(levels: int, of: object) -> object:
    for _ in range(levels):
        of = {"type": "array", "items": of}
    return of


def node(levels: int) -> object:
    """A record that holds itself `levels` arrays below."""
    return {
        "type": "record",
        "name": "Node",
        "fields": [{"name": "next", "type": ["null", arrays(levels, "Node")]}],
    }


def nodes(levels: int, deep: int) -> bytes:
    """A value of `node(levels)`: `deep` of them in one another."""
    return (b"\2" + b"\2" * levels) * deep + b"\0" + b"\0" * levels * deep


def outcome(extra: object, value: bytes) -> DeadLetterReason | str:
    found = decode_datums(writer(extra), READER, Datums.of([b"\2a" + value]))
    return found.bad[0].reason if found.bad else found.table.column("s")[0].as_py()


@pytest.mark.parametrize(("levels", "deep"), [(0, 100), (1, 60), (15, 10), (60, 4)])
def test_a_type_that_contains_itself_is_read(levels, deep):
    assert outcome(node(levels), nodes(levels, deep)) == "a"


@pytest.mark.parametrize(("levels", "deep"), [(0, 200), (1, 2_000), (15, 62), (60, 62)])
def test_one_that_would_take_too_many_calls_is_a_dead_letter(levels, deep):
    assert outcome(node(levels), nodes(levels, deep)) is DeadLetterReason.UNDECODABLE


def test_empty_items_are_counted_over_the_whole_datum():
    lists = arrays(2, "null")
    assert outcome(lists, b"\4" + b"\2\0" * 2 + b"\0") == "a"
    thousand = b"\xd0\x0f\0"  # an array of 1,000 nulls
    assert outcome(lists, b"\4" + thousand * 2 + b"\0") is DeadLetterReason.UNDECODABLE


@pytest.mark.parametrize(
    "extra",
    [
        arrays(200, "int"),
        {"type": "fixed", "name": "F", "size": "4"},
        {"type": "fixed", "name": "F", "size": -1},
        {"type": "enum", "name": "E", "symbols": ["\ud800"]},
        {"type": "record", "name": "N", "fields": [{"name": "\ud800", "type": "int"}]},
    ],
    ids=["too deep", "size as text", "negative size", "half a symbol", "half a name"],
)
def test_what_fastavro_lets_through_is_no_schema(extra):
    with pytest.raises(SchemaNotAvro):
        parse_record_schema(writer(extra))
