"""Strings looked at through their buffers, wherever the column begins and whatever lies under a null."""

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.texts import Texts


def test_a_part_of_a_column_is_looked_at_from_where_it_begins():
    column = pa.array(["x", "95814", "9581", "00501", "99999"])
    assert Texts.of(column[1:]).are_zip_codes().tolist() == [True, False, True, False]
    assert Texts.of(column[3:]).are_zip_codes().tolist() == [True, False]
    assert Texts.of(column[:0]).are_zip_codes().tolist() == []


def test_bytes_under_a_null_do_not_count():
    offsets = pa.py_buffer(np.array([0, 2, 4], np.int32))
    column = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"CATX"), pa.py_buffer(b"\1"))
    assert column.to_pylist() == ["CA", None]
    assert Texts.of(column).length.tolist() == [2, 0]
    assert Texts.of(column).are_states().tolist() == [True, False]


def test_columns_of_nulls_alone_hold_no_text():
    assert Texts.of(pa.nulls(2, pa.string())).length.tolist() == [0, 0]
    assert Texts.of(pa.nulls(2, pa.string())).are_states().tolist() == [False, False]
