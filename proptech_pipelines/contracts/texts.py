"""Looking at all strings of a column at once, through the column's own buffers."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from proptech_pipelines.contracts.geography import known_states, known_zip_codes
from proptech_pipelines.contracts.wire import Integers

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Texts:
    """Strings or bytes of a column: value i is `data[start[i]:start[i] + length[i]]`; null has length 0."""

    data: npt.NDArray[np.uint8]
    start: Integers
    length: Integers

    @classmethod
    def of(cls, column: pa.Array) -> Self:
        """The values of a string or binary array."""
        _, offsets, data = column.buffers()
        if not len(column):
            return cls(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64))
        edges = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        lengths = np.diff(edges).astype(np.int64)
        if column.null_count:
            lengths[column.is_null().to_numpy(zero_copy_only=False)] = 0
        values = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
        return cls(values, edges[:-1].astype(np.int64), lengths)

    def are_zip_codes(self) -> Flags:
        """Which are five digits that make a zip code of the United States."""
        digits = self._of_length(5) - ord("0")  # other bytes wrap around or exceed 9
        numbers = np.zeros(len(digits), np.int32)
        are_digits = np.ones(len(digits), np.bool_)
        for place in range(5):
            digit = digits[:, place]
            numbers *= 10
            numbers += digit
            are_digits &= digit <= 9
        return self._spread(5, known_zip_codes()[np.where(are_digits, numbers, 0)] & are_digits)

    def are_states(self) -> Flags:
        """Which are two capital letters that make a state code."""
        letters = self._of_length(2)
        return self._spread(2, known_states()[letters[:, 0].astype(np.int64) << 8 | letters[:, 1]])

    def _of_length(self, length: int) -> npt.NDArray[np.uint8]:
        """The bytes of just the values of this length, a row each."""
        fitting = self.length == length
        if len(self.start) and fitting.all():
            return self.data[self.start[0] : self.start[0] + length * len(self.start)].reshape(-1, length)
        return self.data[self.start[fitting][:, None] + np.arange(length)]

    def _spread(self, length: int, flags: Flags) -> Flags:
        """Flags of the values of this length as flags of all; the others are false."""
        spread = self.length == length
        spread[spread] = flags
        return spread
