"""The header of a model's file: TOML in its leading comment."""

import re
import tomllib
from typing import Any, Literal, get_args

from proptech_pipelines.errors import ModelError

Kind = Literal["staging", "view", "append", "fold", "recompute", "settled"]

_FIELDS: dict[str, type] = {
    "kind": str,
    "description": str,
    "family": str,
    "topic": str,
    "key": list,
    "reads": list,
    "driver": str,
    "time": str,
    "back": str,
    "ahead": str,
    "moment": str,
    "wait": str,
    "reach": dict,
    "identity": list,
    "day_of": str,
    "every_seconds": int,
    "reach_days": int,
    "conserves": dict,
}
_REQUIRED: dict[str, tuple[str, ...]] = {
    "staging": ("topic",),
    "view": ("family", "day_of"),
    "append": ("family", "identity", "day_of"),
    "fold": ("family", "day_of"),
    "recompute": ("family", "key", "day_of"),
    "settled": ("family", "moment", "wait", "identity", "day_of"),
}
_CONSERVES = ({"rows", "late"}, {"rows", "late", "count"})
"""The least and the most that `[conserves]` says."""
_WORDS = {str: "a text", int: "a whole number", list: "a list of texts", dict: "a table of texts"}
_SPAN = re.compile(r"[0-9]+ (second|minute|hour|day)s?")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""A table's name; what follows two underscores is its generation."""
_INGEST = "ingest"
"""The writer of the log, which is no family."""


def read_header(name: str, text: str) -> tuple[dict[str, Any], str]:
    """The fields of the header of `name`.sql, whose text is `text`, and the SQL behind it.

    Raises ModelError for a header that is missing, unknown, incomplete, or of other types or values.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(f"{name}: a table is not named so.", "use small letters, digits and single _.")
    header, sql = _split(name, text)
    kind = header.get("kind", "")
    if kind not in get_args(Kind):
        raise ModelError(
            f"{name}: kind {kind!r} is none of {', '.join(get_args(Kind))}.", "correct the header."
        )
    unknown = sorted(set(header) - set(_FIELDS))
    missing = [item for item in ("description", *_REQUIRED[kind]) if not header.get(item)]
    if unknown or missing:
        raise ModelError(
            f"{name}: header fields unknown: {unknown}, missing for kind {kind}: {missing}.",
            "correct the header.",
        )
    for field, value in header.items():
        if not _is_of(_FIELDS[field], value):
            raise ModelError(f"{name}: {field} is not {_WORDS[_FIELDS[field]]}.", "correct the header.")
    least, most = _CONSERVES
    if "conserves" in header and not least <= set(header["conserves"]) <= most:
        raise ModelError(f"{name}: [conserves] says rows, late and perhaps count.", "correct the header.")
    family = header.get("family", "")
    if family and (not _NAME.fullmatch(family) or family == _INGEST):
        raise ModelError(
            f"{name}: a family is not named {family!r}.", "use small letters, digits and single _."
        )
    spans = [header[field] for field in ("back", "ahead", "wait") if header.get(field)]
    wrong = [span for span in (*spans, *header.get("reach", {}).values()) if not _SPAN.fullmatch(span)]
    if wrong:
        raise ModelError(f"{name}: {wrong} are no spans of time.", "write them as `5 minutes` or `7 days`.")
    if not 0 <= header.get("every_seconds", 0) <= 3600:
        raise ModelError(f"{name}: every_seconds is not within 0 to 3600.", "correct the header.")
    if header.get("reach_days", 0) < 0:
        raise ModelError(f"{name}: reach_days is below 0.", "correct the header.")
    return header, sql


def _is_of(kind: type, value: Any) -> bool:
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    texts: list[object] = [*value.values()] if kind is dict else [*value] if kind is list else []
    return all(isinstance(text, str) for text in texts)


def _split(name: str, text: str) -> tuple[dict[str, Any], str]:
    start, end = text.find("/*"), text.find("*/")
    if start != 0 or end < 0:
        raise ModelError(
            f"{name}: no header comment /* ... */ at the top.", "add one with kind and description."
        )
    try:
        header = tomllib.loads(text[2:end])
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{name}: the header is not TOML ({error}).", "correct the header.") from error
    return header, text[end + 2 :].strip()
