"""Walking many datums at once: where each stands, and numbers read at all of these places.

A record that breaks a rule is put in `doubt` and goes on harmlessly: its position never passes its end, so no
read leaves the buffer. The careful way then says what is wrong with it, or reads what is only unusual.
"""

from typing import Self

import numpy as np
import numpy.typing as npt

from proptech_pipelines.contracts.wire import Datums, Integers

Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

_STOP_BITS = np.uint64(0x8080808080808080)
_ONE = np.uint64(1)
_INT_BYTES = 5


class Cursor:
    """A position in each of n datums, all at the same field of their schema."""

    def __init__(self, datums: Datums, position: Integers, end: Integers) -> None:
        self._datums = datums
        self.position = position
        self.end = end
        self.doubt: Flags = np.zeros(len(position), np.bool_)

    @classmethod
    def at_start(cls, datums: Datums) -> Self:
        """At the first byte of every datum."""
        return cls(datums, datums.start, datums.end)

    def part(self, rows: Integers) -> "Cursor":
        """A cursor of its own for `rows`; `join` brings its progress back."""
        return Cursor(self._datums, self.position[rows], self.end[rows])

    def join(self, rows: Integers, part: "Cursor") -> None:
        """Take over where `part`, made for `rows`, now stands."""
        self.position = self.position.copy()
        self.position[rows] = part.position
        self.doubt[rows] |= part.doubt

    def advance(self, size: Integers | int) -> None:
        """Move on by `size` bytes (0 or more); a record that has not as many is in doubt."""
        position = self.position + size
        self.distrust(position > self.end)
        self.position = np.minimum(position, self.end)

    def distrust(self, rows: Flags) -> None:
        """Put the flagged records in doubt."""
        self.doubt |= rows

    def take_byte(self) -> npt.NDArray[np.uint8]:
        """The next byte of each, passed over."""
        value = self._datums.buffer[self.position]
        self.advance(1)
        return value

    def word(self) -> Words:
        """The next eight bytes of each, the first the lowest, not passed over."""
        return self._datums.words[self.position]

    def take_long(self) -> Integers:
        """The next zig-zag varint of each, passed over."""
        word = self.word()
        stop = ~word & _STOP_BITS
        stop &= ~stop + _ONE
        stop -= _ONE  # ones below the stop bit of the last byte; all ones where no byte stops
        size = (np.bitwise_count(stop) >> 3).astype(np.int64) + 1
        raw = _without_stop_bits(word & stop)
        if size.max(initial=0) > 8:
            self._read_long_tails(raw, size)
        self.advance(size)
        return (raw >> _ONE).view(np.int64) ^ -(raw & _ONE).view(np.int64)

    def take_int(self) -> npt.NDArray[np.int32]:
        """The next varint of each as an int: in doubt beyond 32 bits or five bytes."""
        before = self.position
        value = self.take_long()
        narrow = value.astype(np.int32)
        self.distrust((narrow != value) | (self.position - before > _INT_BYTES))
        return narrow

    def take_small(self) -> Integers:
        """The next varint of each, quick where all have one byte, as lengths and enum indices mostly do."""
        first = self._datums.buffer[self.position]
        if first.max(initial=0) >= 0x80:
            return self.take_long()
        self.advance(1)
        return (first >> 1).astype(np.int64) ^ -(first & 1).astype(np.int64)

    def take_span(self) -> tuple[Integers, Integers]:
        """Start and end of the next string or bytes of each, passed over."""
        size = self.take_small()
        start = self.position
        broken = (size < 0) | (size > self.end - start)
        if broken.any():
            self.distrust(broken)
            size = np.where(broken, 0, size)
        self.position = start + size
        return start, self.position

    def _read_long_tails(self, raw: Words, size: Integers) -> None:
        """Bytes nine and ten of the few varints that have them; the tenth may only be 0 or 1."""
        rows = np.flatnonzero(size > 8)
        at = self.position[rows] + 8
        ninth = self._datums.buffer[at].astype(np.uint64)
        tenth = self._datums.buffer[at + 1].astype(np.uint64)
        goes_on = ninth >= 0x80
        raw[rows] |= (ninth & np.uint64(0x7F)) << np.uint64(56)
        raw[rows[goes_on]] |= tenth[goes_on] << np.uint64(63)
        self.doubt[rows[goes_on]] |= tenth[goes_on] > 1
        size[rows] = 9 + goes_on


def _without_stop_bits(word: Words) -> Words:
    """Close up the eight groups of seven bits."""
    word &= ~_STOP_BITS
    word = (word & np.uint64(0x007F007F007F007F)) | ((word & np.uint64(0x7F007F007F007F00)) >> _ONE)
    word = (word & np.uint64(0x00003FFF00003FFF)) | ((word & np.uint64(0x3FFF00003FFF0000)) >> np.uint64(2))
    return (word & np.uint64(0x0FFFFFFF)) | ((word & np.uint64(0x0FFFFFFF00000000)) >> np.uint64(4))
