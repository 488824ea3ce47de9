"""Headers that name the record of which another one is a copy, as others put them onto dead letters. Pure.

Three families are read:

- Kafka Streams 4.2 and this platform: `__streams.errors.topic`, `.partition`, `.offset`; all text (KIP-1034).
- Kafka Connect: `__connect.errors.topic`, `.partition`, `.offset`; all text (KIP-298).
- Spring for Apache Kafka: `kafka_dlt-original-topic` as text, `-partition` as 4 and `-offset` as 8 bytes, big-endian.

A record that was a dead letter more than once bears its headers more than once, the oldest first: the first of each
counts, and of several families the one whose topic comes first. A family of which one is missing or cannot be read
names nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Header = tuple[str, bytes | None]
_MOST = {"partition": 2**31 - 1, "offset": 2**63 - 1}
_SPRING_BYTES = {"partition": 4, "offset": 8}


@dataclass(frozen=True)
class Origin:
    """The coordinates that a copy names, and whose headers said so."""

    topic: str
    partition: int
    offset: int
    family: str


def origin_of(headers: Sequence[Header] | None) -> Origin | None:
    """The record of which one with these `headers` is a copy; None if they name none."""
    first: dict[str, bytes | None] = {}
    for name, value in headers or ():
        if name in _NAMES:
            first.setdefault(name, value)
    for name in first:
        if name in _FAMILY_OF:
            found = _read(first, *_FAMILY_OF[name])
            if found is not None:
                return found
    return None


def _read(
    headers: Mapping[str, bytes | None],
    family: str,
    prefix: str,
    number: Callable[[bytes, str], int | None],
) -> Origin | None:
    topic = headers[f"{prefix}topic"]
    partition, offset = (
        None if value is None else number(value, name)
        for name, value in ((name, headers.get(f"{prefix}{name}")) for name in _MOST)
    )
    if not topic or partition is None or offset is None:
        return None
    try:
        return Origin(topic.decode(), partition, offset, family)
    except UnicodeDecodeError:
        return None


def _text_number(value: bytes, name: str) -> int | None:
    """A number written in digits; Python would take other scripts' digits, signs and white space too."""
    if not value.isdigit() or len(value) > len(str(_MOST[name])):
        return None
    found = int(value)
    return found if found <= _MOST[name] else None


def _spring_number(value: bytes, name: str) -> int | None:
    """A number of fixed width. One of 4 or 8 digits that somebody wrote as text is told by its bytes: as a binary
    partition or offset it would be beyond any that there is."""
    if value.isdigit():
        return _text_number(value, name)
    if len(value) != _SPRING_BYTES[name]:
        return None
    found = int.from_bytes(value, "big", signed=True)
    return found if found >= 0 else None


_FAMILIES = (
    ("Kafka Streams", "__streams.errors.", _text_number),
    ("Kafka Connect", "__connect.errors.", _text_number),
    ("Spring", "kafka_dlt-original-", _spring_number),
)
_FAMILY_OF = {f"{family[1]}topic": family for family in _FAMILIES}
_NAMES = {f"{prefix}{name}" for _, prefix, _ in _FAMILIES for name in ("topic", *_MOST)}
