"""Texts that the catalog would take for its own, at any depth of a column."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.contracts.storable import json_storable, storable, unstorable, with_storable_texts

BAD = ["\0", "a\0b", "{DATA_PATH}", "x{SNAPSHOT_ID}y", "{{A}}", "{_}"]
GOOD = [
    "",
    "{}",
    "{",
    "}",
    "{data_path}",
    "{DATA PATH}",
    "{A",
    "A}",
    "{A1}",
    "'",
    "\\",
    "$1",
    "\ufffd",
    "\u2400",
]


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_kept_is_found_and_made_harmless(text):
    assert unstorable(pa.table({"fine": ["", ""], "text": ["ok", text]})) == {1: "text"}
    assert unstorable(pa.table({"text": [storable(text)]})) == {}
    assert storable(text) != text


@pytest.mark.parametrize("text", GOOD)
def test_all_else_is_left_alone(text):
    assert unstorable(pa.table({"text": [text]})) == {}
    assert storable(text) == text


@pytest.mark.parametrize("text", BAD)
def test_json_is_written_so_that_it_can_be_kept_and_means_the_same(text):
    value = {"a": [text, 1], "{B}": None}
    kept = json_storable(json.dumps(value))
    assert json.loads(kept) == value
    assert storable(kept) == kept


TEXTS = st.one_of(st.none(), st.sampled_from([*BAD, *GOOD]))
NESTED = {
    "text": (pa.string(), TEXTS),
    "texts": (pa.list_(pa.string()), st.none() | st.lists(TEXTS, max_size=2)),
    "named": (
        pa.map_(pa.string(), pa.string()),
        st.none() | st.lists(st.tuples(st.sampled_from([*BAD, *GOOD]), TEXTS), max_size=2),
    ),
    "record": (
        pa.struct([("inner", pa.list_(pa.struct([("leaf", pa.string())]))), ("number", pa.int64())]),
        st.none()
        | st.fixed_dictionaries(
            {
                "inner": st.none() | st.lists(st.fixed_dictionaries({"leaf": TEXTS}), max_size=2),
                "number": st.integers(0, 3),
            }
        ),
    ),
}


@given(
    st.lists(st.fixed_dictionaries({name: values for name, (_, values) in NESTED.items()}), max_size=5),
    st.data(),
)
def test_every_depth_of_a_column_is_looked_at(rows, data):
    table = pa.Table.from_pylist(rows, pa.schema([(name, kind) for name, (kind, _) in NESTED.items()]))
    start = data.draw(st.integers(0, len(rows)))
    expected = {}
    for number, row in enumerate(rows[start:]):
        for name in NESTED:
            if any(text in BAD for text in leaves(row[name])):
                expected.setdefault(number, name)
    assert unstorable(table.slice(start)) == expected
    kept = with_storable_texts(table)
    assert unstorable(kept) == {}
    assert kept.schema == table.schema
    good = pa.array([number not in unstorable(table) for number in range(len(rows))], pa.bool_())
    assert kept.filter(good) == table.filter(good)


def leaves(value):
    """All texts inside `value`."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list | tuple) else []
