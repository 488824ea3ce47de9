"""What changed from one Avro schema of a record to another, field by field, and who can read whom.

- *backward*: the new schema reads every datum of the old one, so that old records can be decoded again;
- *forward*: the old schema reads every datum of the new one, so that readers need not be changed first;
- *full*: both. The registry asks it of each new version against all former ones (FULL_TRANSITIVE).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from proptech_pipelines.contracts.avro_compatibility import (
    AvroRecord,
    Fault,
    Json,
    field_faults,
    kind_of,
    last,
    logical_type,
    parse_avro_record,
    source_of,
    type_faults,
    type_name,
)

Inside = frozenset[tuple[str, str]]
"""Pairs of records (old name, new name) that are being compared: a record may hold itself."""
ChangeKind = Literal[
    "added",
    "removed",
    "renamed",
    "moved",
    "type",
    "union",
    "symbols",
    "logical type",
    "default",
    "aliases",
    "doc",
]


@dataclass(frozen=True)
class SchemaChange:
    """One change. `field` is a path as `address.street`: in the new schema, or in the old one for what is gone."""

    field: str
    """Empty for the record itself."""
    kind: ChangeKind
    backward: bool
    forward: bool
    sentence: str

    @property
    def compatibility(self) -> Literal["full", "backward", "forward", "none"]:
        """Who can read whom across this change."""
        if self.backward:
            return "full" if self.forward else "backward"
        return "forward" if self.forward else "none"


def schema_changes(old_text: str, new_text: str) -> tuple[SchemaChange, ...]:
    """All changes from the old to the new schema, in the order of the new one's fields, removed fields last.

    The new schema reads all data of the old one exactly if every change is backward; likewise forward. Raises
    SchemaNotAvro and IncompatibleSchema as `parse_avro_record` does.
    """
    old, new = parse_avro_record(old_text), parse_avro_record(new_text)
    return tuple(_Pair(old, new).type_changes(old.type, new.type, "", frozenset()))


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two schemas whose types are compared part by part."""

    old: AvroRecord
    new: AvroRecord

    def type_changes(self, before: Json, after: Json, path: str, inside: Inside) -> list[SchemaChange]:
        """The changes of a type, which say together who can read whom."""
        old, new = self.old.resolved(before), self.new.resolved(after)
        if isinstance(old, list) or isinstance(new, list):
            found = list(self._union_changes(old, new, path, inside))
        elif kind_of(old) != kind_of(new):
            found = [
                self._judged(path, "type", f"{type_name(old)} became {type_name(new)}", old, new, inside)
            ]
        else:
            found = list(self._same_kind_changes(old, new, path, inside))
        backward, forward = self._faults(old, new, path, inside)
        together = all(item.backward for item in found), all(item.forward for item in found)
        if together == (not backward, not forward):
            return found
        return [_change(path, "type", f"{type_name(new)} changed in its parts", backward, forward)]

    def _union_changes(self, old: Json, new: Json, path: str, inside: Inside) -> Iterator[SchemaChange]:
        before, after = (
            {_branch_key(item): item for item in map(schema.resolved, _branches(kind))}
            for schema, kind in ((self.old, old), (self.new, new))
        )
        gone = [type_name(item) for key, item in before.items() if key not in after]
        come = [type_name(item) for key, item in after.items() if key not in before]
        if gone and come:
            text = f"{type_name(list(before.values()))} became {type_name(list(after.values()))}"
            yield self._judged(path, "union", text, old, new, inside)
        elif gone or come:
            word, some = ("no longer", gone) if gone else ("also", come)
            yield self._judged(path, "union", f"it may {word} be {' or '.join(some)}", old, new, inside)
        elif list(before) != list(after):
            yield self._judged(
                path, "union", "the branches of the union stand in another order", old, new, inside
            )
        for key, branch in before.items():
            if key in after:
                yield from self.type_changes(branch, after[key], path, inside)

    def _same_kind_changes(self, old: Json, new: Json, path: str, inside: Inside) -> Iterator[SchemaChange]:
        kind = kind_of(old)
        if kind == "record" and (old["name"], new["name"]) in inside:
            return
        if isinstance(old, dict) and isinstance(new, dict) and old.get("doc") != new.get("doc"):
            yield _change(path, "doc", "its documentation changed", [], [])
        if logical_type(old) != logical_type(new):
            text = f"{logical_type(old) or 'no logical type'} became {logical_type(new) or 'none'}"
            both = logical_type(old) and logical_type(new)
            fault = [Fault(path, "two different logical types do not resolve")] if both else []
            yield _change(path, "logical type", text, fault, fault)
        if kind == "array":
            yield from self.type_changes(old["items"], new["items"], path, inside)
        elif kind == "map":
            yield from self.type_changes(old["values"], new["values"], path, inside)
        elif kind in ("enum", "fixed", "record"):
            yield from self._named_changes(old, new, path, inside)
        if kind == "record":
            yield from self._record_changes(old, new, path, inside | {(old["name"], new["name"])})

    def _named_changes(self, old: Json, new: Json, path: str, inside: Inside) -> Iterator[SchemaChange]:
        """The name, aliases, symbols and size of a type that has a name."""
        if last(old["name"]) != last(new["name"]):
            before, after = ({**item, "fields": []} if "fields" in item else item for item in (old, new))
            yield self._judged(
                path, "renamed", f"{type_name(old)} became {type_name(new)}", before, after, inside
            )
        elif _aliases(old) != _aliases(new):
            yield _change(path, "aliases", f"{type_name(new)} has other aliases", [], [])
        if kind_of(old) == "fixed" and old["size"] != new["size"]:
            yield self._judged(path, "type", f"{old['size']} bytes became {new['size']}", old, new, inside)
        if kind_of(old) == "enum" and (old["symbols"], old.get("default")) != (
            new["symbols"],
            new.get("default"),
        ):
            yield self._judged(path, "symbols", _symbols_text(old, new), old, new, inside)

    def _record_changes(self, old: Json, new: Json, path: str, inside: Inside) -> Iterator[SchemaChange]:
        pairs = _paired(old["fields"], new["fields"])
        moved = _moved([item["name"] for _, item in pairs.values()], old["fields"], pairs)
        for item in new["fields"]:
            where = f"{path}.{item['name']}" if path else item["name"]
            backward = field_faults(self.old, self.new, source_of(old["fields"], item), item, where, inside)
            if item["name"] not in pairs:
                default = (
                    f"with default {json.dumps(item['default'])}"
                    if "default" in item
                    else "without a default"
                )
                yield _change(where, "added", f"the field is new, {default}", backward, [])
                continue
            before, _ = pairs[item["name"]]
            forward = field_faults(
                self.new, self.old, source_of(new["fields"], before), before, where, _turned(inside)
            )
            yield from self._field_changes(before, item, where, (backward, forward), inside)
            if item["name"] in moved:
                yield _change(where, "moved", "the field stands at another place", [], [])
        kept = {before["name"] for before, _ in pairs.values()}
        for item in old["fields"]:
            if item["name"] not in kept:
                where = f"{path}.{item['name']}" if path else item["name"]
                forward = field_faults(
                    self.new, self.old, source_of(new["fields"], item), item, where, _turned(inside)
                )
                yield _change(where, "removed", "the field is gone", [], forward)

    def _field_changes(
        self,
        old: Json,
        new: Json,
        path: str,
        faults: tuple[list[Fault], list[Fault]],
        inside: Inside,
    ) -> Iterator[SchemaChange]:
        found = self.type_changes(old["type"], new["type"], path, inside)
        yield from found
        if old["name"] != new["name"]:
            backward = [] if not all(item.backward for item in found) else faults[0]
            forward = [] if not all(item.forward for item in found) else faults[1]
            yield _change(path, "renamed", f"{old['name']} became {new['name']}", backward, forward)
        elif _aliases(old) != _aliases(new):
            yield _change(path, "aliases", "it has other aliases", [], [])
        if ("default" in old) != ("default" in new) or old.get("default") != new.get("default"):
            before, after = (
                json.dumps(item["default"]) if "default" in item else "none" for item in (old, new)
            )
            yield _change(path, "default", f"the default was {before} and is {after}", [], [])
        if old.get("doc") != new.get("doc"):
            yield _change(path, "doc", "its documentation changed", [], [])

    def _judged(
        self, path: str, kind: ChangeKind, text: str, old: Json, new: Json, inside: Inside
    ) -> SchemaChange:
        return _change(path, kind, text, *self._faults(old, new, path, inside))

    def _faults(self, old: Json, new: Json, path: str, inside: Inside) -> tuple[list[Fault], list[Fault]]:
        """Why new readers do not read old data, and why old readers do not read new data."""
        return (
            type_faults(self.old, self.new, old, new, path, inside),
            type_faults(self.new, self.old, new, old, path, _turned(inside)),
        )


def _change(
    path: str, kind: ChangeKind, text: str, backward: list[Fault], forward: list[Fault]
) -> SchemaChange:
    for found, who in ((backward, "old records cannot be read"), (forward, "old readers cannot read it")):
        if found:
            text += f"; {who}: {found[0].text}"
    return SchemaChange(path, kind, not backward, not forward, f"{path or 'The record'}: {text}.")


def _paired(old: list[Json], new: list[Json]) -> dict[str, tuple[Json, Json]]:
    """By the new name, the fields that are one: of the same name, or one an alias of the other."""
    found: dict[str, tuple[Json, Json]] = {}
    taken: set[str] = set()
    names, others = ({item["name"] for item in fields} for fields in (old, new))
    for item in new:
        same = [before for before in old if before["name"] == item["name"]]
        renamed = [
            before
            for before in old
            if before["name"] not in others
            and item["name"] not in names
            and (before["name"] in _aliases(item) or item["name"] in _aliases(before))
        ]
        for before in [*same, *renamed]:
            if before["name"] not in taken:
                taken.add(before["name"])
                found[item["name"]] = (before, item)
                break
    return found


def _moved(names: list[str], old: list[Json], pairs: dict[str, tuple[Json, Json]]) -> set[str]:
    """The fields (by their new names, given in the new order) that do not keep the order of the old schema."""
    new_name = {before["name"]: name for name, (before, _) in pairs.items()}
    former = [new_name[item["name"]] for item in old if item["name"] in new_name]
    blocks = SequenceMatcher(None, former, names, autojunk=False).get_matching_blocks()
    return set(names) - {name for block in blocks for name in names[block.b : block.b + block.size]}


def _symbols_text(old: Json, new: Json) -> str:
    come = [item for item in new["symbols"] if item not in old["symbols"]]
    gone = [item for item in old["symbols"] if item not in new["symbols"]]
    parts = [f"{word} {', '.join(items)}" for word, items in (("gained", come), ("lost", gone)) if items]
    if not parts and old["symbols"] != new["symbols"]:
        parts.append("orders its symbols anew")
    if old.get("default") != new.get("default"):
        parts.append(f"has default {new.get('default', 'none')} instead of {old.get('default', 'none')}")
    return f"the enum {last(new['name'])} " + " and ".join(parts)


def _turned(inside: Inside) -> Inside:
    return frozenset((new, old) for old, new in inside)


def _branch_key(kind: Json) -> str:
    """What no two branches of a union share: the kind, and the name where it has one."""
    name = last(kind["name"]) if isinstance(kind, dict) and "name" in kind else ""
    return f"{kind_of(kind)} {name}"


def _branches(kind: Json) -> list[Json]:
    return kind if isinstance(kind, list) else [kind]


def _aliases(item: Json) -> list[str]:
    return list(item.get("aliases", ()))
