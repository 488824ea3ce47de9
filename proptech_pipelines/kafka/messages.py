"""The client's messages as columns, also where the name of a header is not UTF-8.

For such a name confluent-kafka 2.16.0 puts nothing into the place of the name in its pair, and sets an error beside its
result: this call raises SystemError, or the next one of anything does, and to unpack the pair ends the process. A run
would die of the record, and so would each run after it.
"""

import ctypes
import gc
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from confluent_kafka import Message

from proptech_pipelines.kafka.records import Fetched, Headers

_raise_pending = ctypes.pythonapi.PyErr_Occurred
"""A call of Python's own library, after which ctypes raises an error that is set."""


def runs_of(records: list[Message]) -> Iterator[tuple[str, int, list[Message]]]:
    """Topic, partition and messages of each run of `records` that one partition sent; none of them is an error."""
    start = 0
    places = zip(map(Message.topic, records), map(Message.partition, records), strict=True)
    for (topic, partition), run in groupby(places):
        end = start + len(list(run))
        if topic is not None and partition is not None:
            yield topic, partition, records[start:end]
        start = end


def take_in(part: Fetched, run: list[Message]) -> int:
    """Append `run`, the messages that follow in the partition of `part`; returns the bytes of their values.

    Method by method, not message by message: one statement for each field of each message took twice the time.
    """
    columns: list[list[Any]] = [list(map(read, run)) for read in (Message.offset, Message.key, Message.value)]
    offsets, keys, values = columns
    types, times = zip(*map(Message.timestamp, run), strict=True)
    part.offsets += offsets
    part.timestamp_types += types
    part.timestamps_ms += times
    part.keys += keys
    part.values += values
    part.headers += headers_of(run)
    part.end_offset = max(part.end_offset, offsets[-1] + 1)
    return sum(map(len, filter(None, values)))


def headers_of(messages: list[Message]) -> list[Headers | None]:
    """Names and values of each; a name that is not UTF-8 is U+FFFD."""
    try:
        found: Any = list(map(Message.headers, messages))
        _raise_pending()
    except (SystemError, UnicodeDecodeError):
        return [_careful(message) for message in messages]
    return found


def _careful(message: Message) -> Headers | None:
    try:
        message.headers()
        _raise_pending()
    except (SystemError, UnicodeDecodeError):
        pass  # raised once: the message keeps them from then on, and gives them out as they are
    found: Any = message.headers()
    return None if found is None else [_mended(pair) for pair in found]


def _mended(pair: tuple[str, bytes | None]) -> tuple[str, bytes | None]:
    """`pair`, which is looked at without touching a name that is not there."""
    held = gc.get_referents(pair)
    return pair if len(held) == len(pair) else ("\ufffd", held[0])
