"""The headers of a message, also where a name is not UTF-8.

For such a name confluent-kafka 2.16.0 puts nothing into the place of the name in its pair, and sets an error beside its
result: this call raises SystemError, or the next one of anything does, and to unpack the pair ends the process. A run
would die of the record, and so would each run after it.
"""

import ctypes
import gc
from typing import Any

from confluent_kafka import Message

from proptech_pipelines.kafka.records import Headers

_raise_pending = ctypes.pythonapi.PyErr_Occurred
"""A call of Python's own library, after which ctypes raises an error that is set."""


def headers_of(message: Message) -> Headers | None:
    """Names and values; a name that is not UTF-8 is U+FFFD."""
    found: Any = None
    try:
        found = message.headers()
        if found is not None:
            _raise_pending()
    except (SystemError, UnicodeDecodeError):
        found = message.headers()  # kept by the message, and without an error this time
        return [_mended(pair) for pair in found]
    return found


def _mended(pair: tuple[str, bytes | None]) -> tuple[str, bytes | None]:
    """`pair`, which is looked at without touching a name that is not there."""
    held = gc.get_referents(pair)
    return pair if len(held) == len(pair) else ("\ufffd", held[0])
