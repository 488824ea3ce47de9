"""A strict check of one Avro datum: does it fit its schema byte by byte, and if not, why.

Readers differ on broken bytes (boolean byte 2, an int of 40 bits, a negative enum index), so no reader is
asked before this check has passed. What it allows beyond canonical bytes: varints that are longer than they
need be, up to five bytes for an int and ten for a long, and arrays and maps in several blocks, with sizes or
without.
"""

from collections.abc import Callable
from typing import Any

from proptech_pipelines.contracts.dead_letter_reasons import DeadLetterReason as Reason

Json = Any
Step = Callable[[bytes, int], int]
"""Checks one value from a position on and gives the position after it. Raises BrokenDatum."""

_INT_BYTES = 5
_LONG_BYTES = 10
_MOST_EMPTY_ITEMS = 1_024
"""Items of no bytes (nulls) cost a reader memory without costing the writer bytes."""
_MOST_CALLS = 320
"""Calls within one another that a datum may take; a fixed number, so that the reason never depends on the stack."""


class BrokenDatum(Exception):
    """The datum does not fit its schema. It never leaves the careful way."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class DatumCheck:
    """The check of one schema, given as fastavro parses it (named types by their full names)."""

    def __init__(self, parsed: Json) -> None:
        self._named: dict[str, Json] = parsed.get("__named_schemas", {})
        self._steps: dict[str, Step] = {}
        self._heights: dict[str, int] = {}
        self._calls = self._empty_items = 0
        self._step = self._compile(parsed)

    def __call__(self, datum: bytes) -> None:
        """Raises BrokenDatum unless `datum` is one whole value of the schema and nothing else."""
        self._calls = self._empty_items = 0
        end = self._step(datum, 0)
        if end < len(datum):
            raise BrokenDatum(Reason.TRAILING_BYTES, f"{len(datum) - end} bytes are left over at byte {end}")

    def _compile(self, schema: Json) -> Step:
        if isinstance(schema, list):
            return _union([self._compile(branch) for branch in schema])
        if isinstance(schema, str):
            schema = {"type": schema}
        kind = schema["type"]
        if kind in _PRIMITIVES:
            return _PRIMITIVES[kind]
        if kind == "array":
            return self._blocks(self._compile(schema["items"]))
        if kind == "map":
            return self._blocks(_pair(self._compile(schema["values"])))
        if kind in self._named:
            return self._by_name(kind)
        return self._compile_named(schema)

    def _by_name(self, name: str) -> Step:
        """A named type, looked up when it is met, because it may contain itself."""

        def step(datum: bytes, position: int) -> int:
            height = self._heights[name]
            if self._calls + height > _MOST_CALLS:
                raise BrokenDatum(Reason.UNDECODABLE, f"{name} is nested too deep at byte {position}")
            self._calls += height
            after = self._steps[name](datum, position)
            self._calls -= height
            return after

        return step

    def _compile_named(self, schema: Json) -> Step:
        if schema["type"] == "enum":
            step = _enum(len(schema["symbols"]))
        elif schema["type"] == "fixed":
            step = _fixed(schema["size"])
        else:
            step = _record([(item["name"], self._compile(item["type"])) for item in schema["fields"]])
        self._steps[schema["name"]] = step
        self._heights[schema["name"]] = _height(schema)
        return step

    def _blocks(self, item: Step) -> Step:
        """An array or map: blocks of items until one is empty; after a negative count stands the block's size."""

        def step(datum: bytes, position: int) -> int:
            while True:
                count, position = _varint(datum, position, _LONG_BYTES)
                if count == 0:
                    return position
                if count < 0:
                    count = -count
                    size, position = _varint(datum, position, _LONG_BYTES)
                    if size < 0:
                        raise BrokenDatum(
                            Reason.NEGATIVE_LENGTH, f"a block of {size} bytes at byte {position}"
                        )
                for _ in range(count):
                    after = item(datum, position)
                    self._empty_items += after == position
                    if self._empty_items > _MOST_EMPTY_ITEMS:
                        raise BrokenDatum(Reason.UNDECODABLE, f"too many empty items at byte {position}")
                    position = after

        return step


def _height(schema: Json) -> int:
    """Calls within one another that a value of `schema` takes, up to the named types that it refers to."""
    if isinstance(schema, list):
        return 1 + max(map(_height, schema), default=0)
    if isinstance(schema, str):
        return 1
    if schema["type"] == "array":
        return 1 + _height(schema["items"])
    if schema["type"] == "map":
        return 2 + _height(schema["values"])
    return 1 + max((_height(item["type"]) for item in schema.get("fields", ())), default=0)


def _record(fields: list[tuple[str, Step]]) -> Step:
    def step(datum: bytes, position: int) -> int:
        name = ""
        try:
            for name, check in fields:  # noqa: B007 - named in the message below
                position = check(datum, position)
        except BrokenDatum as broken:
            raise BrokenDatum(broken.reason, f"{name}: {broken.message}") from None
        return position

    return step


def _union(branches: list[Step]) -> Step:
    def step(datum: bytes, position: int) -> int:
        branch, after = _varint(datum, position, _LONG_BYTES)
        if not 0 <= branch < len(branches):
            raise BrokenDatum(
                Reason.INVALID_UNION_INDEX, f"branch {branch} of {len(branches)} at byte {position}"
            )
        return branches[branch](datum, after)

    return step


def _enum(symbols: int) -> Step:
    def step(datum: bytes, position: int) -> int:
        index, after = _varint(datum, position, _INT_BYTES)
        if not 0 <= index < symbols:
            raise BrokenDatum(Reason.ENUM_OUT_OF_RANGE, f"symbol {index} of {symbols} at byte {position}")
        return after

    return step


def _fixed(size: int) -> Step:
    return lambda datum, position: _advance(datum, position, size)


def _pair(value: Step) -> Step:
    return lambda datum, position: value(datum, _string(datum, position))


def _varint(datum: bytes, position: int, most_bytes: int) -> tuple[int, int]:
    """The zig-zag varint at `position` and the position after it."""
    value = shift = 0
    start = position
    reason = Reason.INT_OUT_OF_RANGE if most_bytes == _INT_BYTES else Reason.LONG_OUT_OF_RANGE
    try:
        while True:
            byte = datum[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if position - start == most_bytes:
                raise BrokenDatum(reason, f"a number of more than {most_bytes} bytes at byte {start}")
    except IndexError:
        raise BrokenDatum(Reason.TRUNCATED, f"a number begins at byte {start} and does not end") from None
    if value >> (32 if most_bytes == _INT_BYTES else 64):
        raise BrokenDatum(reason, f"a number of {value.bit_length()} bits at byte {start}")
    return (value >> 1) ^ -(value & 1), position


def _advance(datum: bytes, position: int, size: int) -> int:
    if size > len(datum) - position:
        raise BrokenDatum(
            Reason.TRUNCATED, f"{size} bytes wanted at byte {position}, {len(datum) - position} there"
        )
    return position + size


def _sized(datum: bytes, position: int) -> tuple[int, int]:
    size, start = _varint(datum, position, _LONG_BYTES)
    if size < 0:
        raise BrokenDatum(Reason.NEGATIVE_LENGTH, f"a length of {size} at byte {position}")
    return start, _advance(datum, start, size)


def _bytes(datum: bytes, position: int) -> int:
    return _sized(datum, position)[1]


def _string(datum: bytes, position: int) -> int:
    start, end = _sized(datum, position)
    try:
        datum[start:end].decode()
    except UnicodeDecodeError as error:
        raise BrokenDatum(Reason.INVALID_UTF8, f"byte {start + error.start}: {error.reason}") from None
    return end


def _boolean(datum: bytes, position: int) -> int:
    after = _advance(datum, position, 1)
    if datum[position] > 1:
        raise BrokenDatum(Reason.INVALID_BOOLEAN, f"boolean byte {datum[position]} at byte {position}")
    return after


_PRIMITIVES: dict[str, Step] = {
    "null": lambda datum, position: position,
    "boolean": _boolean,
    "int": lambda datum, position: _varint(datum, position, _INT_BYTES)[1],
    "long": lambda datum, position: _varint(datum, position, _LONG_BYTES)[1],
    "float": _fixed(4),
    "double": _fixed(8),
    "string": _string,
    "bytes": _bytes,
}
