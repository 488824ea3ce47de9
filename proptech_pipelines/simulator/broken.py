"""Records that break their contract, one of every kind, for the simulator and for tests.

`KINDS` is the table: each kind is a function from a topic's name and wire prefix to a value, or to None where
the kind does not fit the topic (an enum index out of range needs an enum). All are made from one good record.
"""

import io
import json
import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from fastavro import parse_schema, schemaless_writer

from proptech_pipelines.contracts.topics import schema_fields, topic

Make = Callable[[str, bytes], bytes | None]

BIG_STRING_BYTES = 1_000_000
"""Under the broker's limit of 1,048,588 bytes for a batch, and far over any honest field."""
FAR_AHEAD_MS = 4_102_444_800_000
"""2100-01-01: more than a day past the Kafka timestamp of any record sent today."""
_UNKNOWN_SCHEMA_ID = 0x7FFFFFFF
_EXAMPLE_MS = 1_420_070_400_000
_OVER_PRICE_LIMIT = 10**13
_CODES = {"zipCode", "stateCode"}
_BY_TYPE: Mapping[str, Any] = {"string": "x", "int": 3, "long": 250_000, "float": 2.5, "double": 38.5}
_BY_FIELD: Mapping[str, Any] = {
    "zipCode": "95838",
    "stateCode": "CA",
    "year": 2015,
    "preferredZipCodes": ["95838"],
}


def example(name: str) -> dict[str, Any]:
    """A good record of topic `name`: zip code 95838, prices of 250,000, event time 2015-01-01, no nulls."""
    values: dict[str, Any] = {}
    for field in schema_fields(name):
        kind = _type(name, field)
        values[field] = _BY_FIELD.get(field, _BY_TYPE.get(kind["type"]))
        if kind["type"] == "enum":
            values[field] = kind["symbols"][1]
        elif kind["type"] == "boolean":
            values[field] = True
    return {**values, topic(name).event_time: _EXAMPLE_MS}


def datum(name: str, values: Mapping[str, Any], raw: Mapping[str, bytes] | None = None) -> bytes:
    """The Avro datum of `values` for topic `name`, where a field in `raw` takes these bytes for its own."""
    buffer = io.BytesIO()
    for field, parsed in _parsed_types(name).items():
        if raw and field in raw:
            buffer.write(raw[field])
        else:
            schemaless_writer(buffer, parsed, values[field])
    return buffer.getvalue()


def long_bytes(value: int) -> bytes:
    """An Avro int or long, of whatever width it takes."""
    zigzag = value * 2 if value >= 0 else -value * 2 - 1
    out = bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*out, zigzag])


def broken_values(name: str, schema_id: int = 1) -> dict[str, bytes | None]:
    """One value of every kind that fits topic `name`, by the kind's name; None is a tombstone.

    `schema_id` is the registry's id of the topic's schema; all bear it but those kinds that are about it.
    """
    prefix = b"\0" + schema_id.to_bytes(4, "big")
    values: dict[str, bytes | None] = {} if topic(name).kind == "table" else {"tombstone": None}
    for kind, make in KINDS.items():
        value = make(name, prefix)
        if value is not None:
            values[kind] = value
    return values


def _good(name: str, prefix: bytes) -> bytes:
    return prefix + datum(name, example(name))


def _another_record(name: str, prefix: bytes) -> bytes:
    other = "user-profiles" if name != "user-profiles" else "market-data"
    return prefix + datum(other, example(other))


def _with_bytes(name: str, prefix: bytes, field: str | None, raw: bytes) -> bytes | None:
    """The good record with the bytes of `field` replaced; None if there is no such field."""
    if field is None or field not in schema_fields(name):
        return None
    branch = b"\2" if isinstance(schema_fields(name)[field]["type"], list) else b""
    return prefix + datum(name, example(name), {field: branch + raw})


def _price(side: str, dollars: int) -> Make:
    """A price out of bounds: of the field `oldPrice`, or of `newPrice`, which elsewhere is `price`."""

    def make(name: str, prefix: bytes) -> bytes | None:
        fields = schema_fields(name)
        field = side if side in fields or side == "oldPrice" else "price"
        return _with_bytes(name, prefix, field, long_bytes(dollars))

    return make


def _event_time(milliseconds: int) -> Make:
    return lambda name, prefix: _with_bytes(name, prefix, topic(name).event_time, long_bytes(milliseconds))


def _first_of_type(avro_type: str, raw: bytes) -> Make:
    """The good record with other bytes for its first field of this type that has no rule of its own."""

    def make(name: str, prefix: bytes) -> bytes | None:
        fields = [field for field in schema_fields(name) if field not in _CODES]
        field = next((field for field in fields if _type(name, field)["type"] == avro_type), None)
        return _with_bytes(name, prefix, field, raw)

    return make


KINDS: Mapping[str, Make] = {
    "empty": lambda name, prefix: b"",
    "no_magic_byte": lambda name, prefix: json.dumps(example(name)).encode(),
    "unknown_schema_id": lambda name, prefix: _good(name, b"\0" + _UNKNOWN_SCHEMA_ID.to_bytes(4, "big")),
    "truncated": lambda name, prefix: _good(name, prefix)[:-1],
    "trailing_bytes": lambda name, prefix: _good(name, prefix) + b"\0\0\0",
    "another_record": _another_record,
    "old_price_zero": _price("oldPrice", 0),
    "new_price_zero": _price("newPrice", 0),
    "old_price_over_limit": _price("oldPrice", _OVER_PRICE_LIMIT),
    "new_price_over_limit": _price("newPrice", _OVER_PRICE_LIMIT),
    "no_zip_code": lambda name, prefix: _with_bytes(name, prefix, "zipCode", long_bytes(5) + b"ABCDE"),
    "before_1970": _event_time(-1),
    "far_ahead": _event_time(FAR_AHEAD_MS),
    "big_string": _first_of_type("string", long_bytes(BIG_STRING_BYTES) + b"x" * BIG_STRING_BYTES),
    "invalid_utf8": _first_of_type("string", long_bytes(4) + b"\xff\xfe\xc0\x80"),
    "nul_in_text": _first_of_type("string", long_bytes(3) + b"a\0b"),
    "placeholder_in_text": _first_of_type("string", long_bytes(11) + b"{DATA_PATH}"),
    "months_over_limit": lambda name, prefix: _with_bytes(
        name, prefix, "inventoryMonths", struct.pack("<d", 1e300)
    ),
    "enum_out_of_range": _first_of_type("enum", long_bytes(99)),
    "boolean_2": _first_of_type("boolean", b"\2"),
    "int_too_wide": _first_of_type("int", long_bytes(2**31)),
}
"""Every kind but the tombstone, which only a table topic may bear."""


def _type(name: str, field: str) -> dict[str, Any]:
    """The field's type as a mapping with `type`, without null and without the logical type's wrapping."""
    kind = schema_fields(name)[field]["type"]
    if isinstance(kind, list):
        kind = next(branch for branch in kind if branch != "null")
    return kind if isinstance(kind, dict) else {"type": kind}


@cache
def _parsed_types(name: str) -> Mapping[str, Any]:
    return {field: parse_schema(item["type"]) for field, item in schema_fields(name).items()}
