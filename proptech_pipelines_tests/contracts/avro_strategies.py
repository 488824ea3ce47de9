"""Random Avro schemas, records and broken bytes for the codec tests."""

import io
import json
from functools import cache
from typing import Any

import fastavro
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

INTS = st.integers(-(2**31), 2**31 - 1)
LONGS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**40), 2**40),
    st.sampled_from([2**55, 2**56, -(2**55) - 1, 2**62, 2**63 - 1, -(2**63)]),
)
TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["x" * 63, "x" * 64, "é" * 100]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": INTS,
    "long": LONGS,
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "string": TEXTS,
    "bytes": st.binary(max_size=6),
    "array": st.lists(st.text(max_size=3), max_size=4),
}


@st.composite
def plain_schemas(draw: st.DrawFn) -> str:
    """The text of a record schema of the fast class."""
    kinds = draw(st.lists(st.sampled_from([*sorted(VALUES), "enum"]), min_size=1, max_size=6))
    fields = []
    for number, kind in enumerate(kinds):
        plain = _type(kind, number)
        shapes = [plain] if kind == "null" else [plain, ["null", plain], [plain, "null"]]
        fields.append({"name": f"f{number}", "type": draw(st.sampled_from(shapes))})
    return json.dumps({"type": "record", "name": "R", "fields": fields})


def _type(kind: str, number: int) -> Any:
    if kind == "enum":
        return {"type": "enum", "name": f"E{number}", "symbols": ["A", "B", "C"], "default": "A"}
    return {"type": "array", "items": "string"} if kind == "array" else kind


def values_of(schema: Any) -> st.SearchStrategy[Any]:
    """Values of a plain type as fastavro takes them."""
    if isinstance(schema, list):
        return st.one_of([values_of(branch) for branch in schema])
    if isinstance(schema, dict) and schema["type"] == "enum":
        return st.sampled_from(schema["symbols"])
    return VALUES[schema if isinstance(schema, str) else schema["type"]]


def records_of(text: str) -> st.SearchStrategy[dict[str, Any]]:
    """Records of a plain schema."""
    return st.fixed_dictionaries(
        {item["name"]: values_of(item["type"]) for item in json.loads(text)["fields"]}
    )


@cache
def _parsed(text: str) -> Any:
    return fastavro.parse_schema(json.loads(text))


def encode(text: str, record: dict[str, Any]) -> bytes:
    """The canonical datum of `record`."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _parsed(text), record)
    return out.getvalue()


def reference(writer: str, datum: bytes, reader: str | None = None) -> dict[str, Any]:
    """What plain fastavro reads. Raises whatever it raises."""
    return fastavro.schemaless_reader(
        io.BytesIO(datum), _parsed(writer), None if reader is None else _parsed(reader)
    )


@st.composite
def broken(draw: st.DrawFn, datum: bytes, other: bytes) -> bytes:
    """`datum` with bytes flipped, cut off, added or put in, or wholly replaced."""
    at = draw(st.integers(0, max(0, len(datum) - 1)))
    some = draw(st.binary(min_size=1, max_size=11))
    flipped, cut = datum[:at] + some[:1] + datum[at + 1 :], datum[:at]
    appended, inserted = datum + some, datum[:at] + some + datum[at:]
    return draw(st.sampled_from([flipped, cut, appended, inserted, other, some, datum]))
