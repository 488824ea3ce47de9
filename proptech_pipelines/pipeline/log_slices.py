"""Cuts the log into slices that fit into one transaction each, at the ends of ingest transactions."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.slices import Slice

_SLICE_ROWS = 1_000_000
"""Most staging rows of one transaction of a family, so that catching up takes no more memory than following."""
_SUMS_SLICE_ROWS = 4_000_000
"""The same for a family that keeps no rows of a slice, but sums."""
_MOST_SUMS_SLICE_ROWS = 8_000_000
"""The same where the slice before left few sums."""
_WRITTEN_ROWS = 500_000
"""So many rows a slice of sums is to write: each takes 0.6 KiB of memory on the way."""


def max_slice_rows(graph: Graph, family: str) -> int:
    """Most staging rows of one transaction of `family`."""
    return _SUMS_SLICE_ROWS if graph.keeps_sums_alone(family) else _SLICE_ROWS


def following_slice_rows(graph: Graph, family: str, max_rows: int, rows: int, written: int) -> int:
    """Most staging rows of the slice after one of `rows`, at most `max_rows`, that wrote `written`.

    A family that keeps sums alone takes up to twice as many while few sums come of them, and fewer when many do.
    """
    if not graph.keeps_sums_alone(family):
        return max_rows
    fitting = min(2 * max_rows, rows * _WRITTEN_ROWS // max(written, 1))
    return max(_SLICE_ROWS, min(_MOST_SUMS_SLICE_ROWS, fitting))


class StagedRows:
    """How many staging rows of some topics each ingest transaction of a part of the log brings, read once.

    An idle entry is news, though it brings none: it moves what is final.
    """

    def __init__(self, con: Connection, topics: Sequence[str], part: Slice) -> None:
        names = ", ".join(f"'{name}'" for name in topics)
        found = con.execute(
            "select commit_number, cast(sum(sum(staged)) over (order by commit_number) as bigint) as so_far "
            f"from log_ranges where {part.where()} and topic in ({names}) group by commit_number "
            "order by commit_number"
        ).fetchnumpy()
        self._part = part
        self._numbers = np.asarray(found["commit_number"])
        self._so_far = np.asarray(found["so_far"])

    @classmethod
    def of_family(cls, con: Connection, graph: Graph, family: str, part: Slice) -> Self:
        """Those of the topics that `family` consumes."""
        return cls(con, [model.topic for model in graph.staging_of(family)], part)

    def cut(self, low: int, max_rows: int) -> Slice | None:
        """What comes after ingest transaction `low`: `max_rows` rows at most, but one transaction at least.

        Transactions that bring nothing are part of the slice before them. None if nothing is left that brings anything.
        """
        begin = int(np.searchsorted(self._numbers, low, side="right"))
        count = len(self._numbers)
        if begin == count:
            return None
        taken = int(self._so_far[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(self._so_far, taken + max_rows, side="right")))
        high = self._part.high if end == count else int(self._numbers[end - 1])
        return Slice(low, high, int(self._so_far[end - 1]) - taken)


def next_slice(con: Connection, graph: Graph, family: str, part: Slice) -> Slice | None:
    """The beginning of `part` that `family` is to take in next, None if `part` brings it nothing."""
    return StagedRows.of_family(con, graph, family, part).cut(part.low, max_slice_rows(graph, family))
