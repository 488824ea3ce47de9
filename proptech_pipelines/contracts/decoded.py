"""What decoding yields: rows, which record each came from, and the records that gave none."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from proptech_pipelines.contracts.dead_letter_reasons import Bad
from proptech_pipelines.contracts.wire import Integers

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Decoded:
    """Decoded records. Each input index is in exactly one of `row_index` and `bad`; both ascend."""

    table: pa.Table
    row_index: Integers
    """Of each row, the index of its record."""
    bad: list[Bad]

    def at(self, indices: Integers) -> "Decoded":
        """The same, where record i is record `indices[i]` of a larger batch; `indices` ascend."""
        bad = [Bad(int(indices[item.index]), item.reason, item.message) for item in self.bad]
        return Decoded(self.table, indices[self.row_index], bad)

    def without(self, bad: list[Bad]) -> "Decoded":
        """The same less the rows in `bad`, whose indices are of records."""
        if not bad:
            return self
        keep = ~np.isin(self.row_index, [item.index for item in bad])
        return Decoded(self.table.filter(pa.array(keep)), self.row_index[keep], sorted(self.bad + bad))


def merge(parts: list[Decoded]) -> Decoded:
    """One or more disjoint parts of one batch, with the same columns, as one in the order of the records."""
    bad = sorted(item for part in parts for item in part.bad)
    filled = [part for part in parts if len(part.row_index)] or parts[:1]
    if len(filled) == 1:
        return Decoded(filled[0].table, filled[0].row_index, bad)
    row_index = np.concatenate([part.row_index for part in filled])
    order = np.argsort(row_index, kind="stable")
    table = pa.concat_tables([part.table for part in filled]).take(pa.array(order)).combine_chunks()
    return Decoded(table, row_index[order], bad)


def column_of(table: pa.Table, name: str) -> pa.Array:
    """A column as one array, without a copy where it is one already."""
    column = table.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def flags_of(array: pa.Array) -> Flags:
    """A boolean array without nulls as numpy flags."""
    return array.to_numpy(zero_copy_only=False)


def rows_with(lists: pa.Array, flagged_items: Flags) -> Flags:
    """The rows of a list column that hold a flagged item; the flags are of the flattened items."""
    counts = lists.value_lengths().fill_null(0).to_numpy()
    flags = np.zeros(len(lists), np.bool_)
    flags[np.repeat(np.arange(len(lists)), counts)[flagged_items]] = True
    return flags
