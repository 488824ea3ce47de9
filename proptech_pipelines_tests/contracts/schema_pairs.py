"""Random pairs of Avro schemas, the second one evolved from the first, and data that reach every part of a schema."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

PLAIN = {
    "null": [None],
    "boolean": [True],
    "int": [-7],
    "long": [2**40],
    "float": [0.5],
    "double": [1e300],
    "string": ["é"],
    "bytes": ["é".encode()],  # which is text too: bytes may be read as a string
}
NONE: dict[str, Any] = {
    "null": None,
    "boolean": False,
    "int": 0,
    "long": 0,
    "float": 0.5,
    "double": 0.5,
    "string": "",
    "bytes": "",
}


@st.composite
def schema_pairs(draw: st.DrawFn, nested: bool = True) -> tuple[str, str]:
    """The texts of a record schema and of one evolved from it, compatibly or not."""
    depth = 0 if nested else 2
    old = _record(draw, "R", depth)
    new = _evolved_record(draw, old, "R", depth)
    if draw(st.integers(0, 19)) == 0:
        new |= {"name": "Q", **draw(st.sampled_from([{}, {"aliases": ["R"]}]))}
    return json.dumps(old), json.dumps(new)


def covering_values(kind: Any) -> list[Any]:
    """Values of a type: every branch, every symbol, empty and filled arrays, one at a time."""
    if isinstance(kind, list):
        return [value for branch in kind for value in covering_values(branch)]
    if isinstance(kind, str):
        return PLAIN[kind]
    inner = covering_values(kind.get("items", kind.get("values", "null")))
    values = {
        "enum": kind.get("symbols"),
        "fixed": [b"x" * kind.get("size", 0)],
        "array": [*([value] for value in inner), []],
        "map": [*({"k": value} for value in inner), {}],
        "record": _covering_records(kind.get("fields", ())),
    }
    return values[kind["type"]]


def _covering_records(fields: Sequence[Any]) -> list[Any]:
    values = {item["name"]: covering_values(item["type"]) for item in fields}
    first = {name: some[0] for name, some in values.items()}
    return [first, *({**first, name: value} for name, some in values.items() for value in some[1:])]


def _record(draw: st.DrawFn, name: str, depth: int) -> Any:
    fields = [_field(draw, f"f{number}", name, depth) for number in range(draw(st.integers(1, 3)))]
    return {"type": "record", "name": name, "fields": fields}


def _field(draw: st.DrawFn, name: str, inside: str, depth: int) -> Any:
    kind = _type(draw, f"{inside}_{name}", depth)
    return {"name": name, "type": kind, **({"default": _default(kind)} if draw(st.booleans()) else {})}


def _type(draw: st.DrawFn, name: str, depth: int) -> Any:
    """Named types bear the name of their kind and place, so that both schemas of a pair call them the same.

    (Of two kinds under one name fastavro reads a record as a fixed, which Avro forbids.)
    """
    kinds = [*PLAIN, "enum", "union"] + (["fixed", "array", "map", "record"] if depth < 2 else [])
    plain = draw(st.sampled_from(kinds))
    if plain in PLAIN:
        return plain
    return _type_of(draw, plain, name, depth)


def _type_of(draw: st.DrawFn, chosen: str, name: str, depth: int) -> Any:
    match chosen:
        case "enum":
            return _enum(draw, name)
        case "fixed":
            return {"type": "fixed", "name": f"fixed_{name}", "size": draw(st.integers(1, 2))}
        case "array":
            return {"type": "array", "items": _type(draw, name, depth + 1)}
        case "map":
            return {"type": "map", "values": _type(draw, name, depth + 1)}
        case "record":
            return _record(draw, name, depth + 1)
        case _:
            return draw(st.permutations(["null", _no_union(_type(draw, name, depth))]))


def _no_union(kind: Any) -> Any:
    return "int" if isinstance(kind, list) or kind == "null" else kind


def _enum(draw: st.DrawFn, name: str) -> Any:
    symbols = draw(st.lists(st.sampled_from("ABC"), min_size=1, max_size=3, unique=True))
    default = {"default": draw(st.sampled_from(symbols))} if draw(st.booleans()) else {}
    return {"type": "enum", "name": f"enum_{name}", "symbols": symbols, **default}


def _default(kind: Any) -> Any:
    if isinstance(kind, list):
        return _default(kind[0])
    if isinstance(kind, str):
        return NONE[kind]
    if kind["type"] == "record":
        return {item["name"]: _default(item["type"]) for item in kind["fields"]}
    values = {
        "array": [],
        "map": {},
        "enum": kind.get("symbols", [None])[0],
        "fixed": "x" * kind.get("size", 0),
    }
    return values[kind["type"]]


def _evolved_record(draw: st.DrawFn, old: Any, name: str, depth: int) -> Any:
    fields = []
    for number, item in enumerate(old["fields"]):
        match draw(st.sampled_from(["keep", "keep", "evolve", "evolve", "remove", "rename"])):
            case "remove":
                continue
            case "rename":
                aliases = {"aliases": [item["name"]]} if draw(st.booleans()) else {}
                fields.append({**item, "name": f"r{number}", **aliases})
            case "evolve":
                kind = _evolved(draw, item["type"], f"{name}_{item['name']}", depth)
                default = {"default": _default(kind)} if draw(st.booleans()) else {}
                fields.append({"name": item["name"], "type": kind, **default})
            case _:
                fields.append(item)
    fields += [_field(draw, f"n{number}", name, depth) for number in range(draw(st.integers(0, 1)))]
    return {**old, "fields": draw(st.permutations(fields))}


def _evolved(draw: st.DrawFn, old: Any, name: str, depth: int) -> Any:
    if isinstance(old, list):
        if draw(st.booleans()):
            return draw(st.sampled_from([*old, ["int", "null", "string"], [*reversed(old)]]))
        return [item if item == "null" else _no_union(_evolved(draw, item, name, depth)) for item in old]
    match draw(st.integers(0, 5)):
        case 0:
            return _type(draw, name, depth)
        case 1:
            return draw(st.permutations(["null", _no_union(old)]))
        case _ if isinstance(old, str):
            return draw(st.sampled_from([*PLAIN]))
        case _:
            return _evolved_inside(draw, old, name, depth)


def _evolved_inside(draw: st.DrawFn, old: Any, name: str, depth: int) -> Any:
    match old["type"]:
        case "enum":
            return {**_enum(draw, name), **draw(st.sampled_from([{}, {}, {"name": f"other_{name}"}]))}
        case "fixed":
            return {**old, "size": draw(st.integers(1, 2))}
        case "array":
            return {**old, "items": _evolved(draw, old["items"], name, depth + 1)}
        case "map":
            return {**old, "values": _evolved(draw, old["values"], name, depth + 1)}
        case _:
            return _evolved_record(draw, old, name, depth + 1)
