"""Schemas beyond the fast class: maps, nested records, fixed and wide unions are read as fastavro reads them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.contracts.decode import decode_datums
from proptech_pipelines.contracts.wire import Datums
from proptech_pipelines_tests.contracts.avro_strategies import EXAMPLES, VALUES, broken, encode, reference

PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "string", "bytes"]
READER = json.dumps(
    {
        "type": "record",
        "name": "R",
        "fields": [
            {"name": "s", "type": "string"},
            {"name": "n", "type": ["null", "long"]},
            {"name": "d", "type": "double", "default": 0.5},
            {"name": "w", "type": "int", "default": 7},
        ],
    }
)


@st.composite
def typed_values(draw, depth=0):
    """A type of any kind and a strategy of its values. Named types get names that are drawn once."""
    if depth == 3 or draw(st.booleans()):
        return draw(simple_values())
    kind, values = draw(typed_values(depth + 1))
    match draw(st.sampled_from(["array", "map", "record", "union"])):
        case "array":
            return {"type": "array", "items": kind}, st.lists(values, max_size=3)
        case "map":
            return {"type": "map", "values": kind}, st.dictionaries(st.text(max_size=2), values, max_size=3)
        case "record":
            parts = {"f": (kind, values), "g": draw(typed_values(depth + 1))}
            fields = [{"name": name, "type": part} for name, (part, _) in parts.items()]
            record = {"type": "record", "name": _name(draw), "fields": fields}
            return record, st.fixed_dictionaries({name: part for name, (_, part) in parts.items()})
        case _:
            return ["null", "int", "string"], st.one_of(st.none(), VALUES["int"], st.text(max_size=3))


@st.composite
def simple_values(draw):
    """A type that holds no other, and a strategy of its values."""
    kind = draw(st.sampled_from([*PRIMITIVES, "fixed", "enum"]))
    if kind == "fixed":
        return {"type": kind, "name": _name(draw), "size": 3}, st.binary(min_size=3, max_size=3)
    if kind == "enum":
        return {"type": kind, "name": _name(draw), "symbols": ["A", "B"]}, st.sampled_from(["A", "B"])
    return kind, VALUES[kind]


def _name(draw):
    return "N" + draw(st.text("abcdefghij", min_size=12, max_size=12))


@st.composite
def wild_writers(draw):
    """The text of a record schema that resolves to READER, and a strategy of its records."""
    parts = {f"w{number}": draw(typed_values()) for number in range(draw(st.integers(1, 3)))}
    parts["s"] = draw(st.sampled_from([("string", VALUES["string"]), ("bytes", VALUES["bytes"])]))
    wide = (["null", "int", "string"], st.one_of(st.none(), VALUES["int"], st.text(max_size=3)))
    parts["n"] = draw(st.sampled_from([("int", VALUES["int"]), wide]))
    fields = [{"name": name, "type": kind} for name, (kind, _) in parts.items()]
    text = json.dumps({"type": "record", "name": "R", "fields": draw(st.permutations(fields))})
    return text, st.fixed_dictionaries({name: values for name, (_, values) in parts.items()})


@EXAMPLES
@given(st.data())
def test_every_accepted_row_is_fastavros_and_nothing_raises(data):
    text, records = data.draw(wild_writers())
    try:
        whole = [encode(text, record) for record in data.draw(st.lists(records, min_size=1, max_size=3))]
    except Exception:
        return  # two named types of one name
    payloads = whole + [data.draw(broken(payload, b"other bytes")) for payload in whole]
    decoded = decode_datums(text, READER, Datums.of(payloads))
    rows = dict(zip(decoded.row_index.tolist(), decoded.table.to_pylist(), strict=True))
    assert sorted([*rows, *(bad.index for bad in decoded.bad)]) == list(range(len(payloads)))
    for index, payload in enumerate(payloads):
        try:
            expected = reference(text, payload, READER)
        except Exception:
            assert index not in rows
            continue
        if index in rows:
            assert rows[index] == expected
        assert index in rows or index >= len(whole)
