"""A topic's batch from wire values to rows, event times, dead letters and tombstones."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.contracts.decode import table_schema_text
from proptech_pipelines.contracts.topics import INPUT_TOPICS, schema_text, topic
from proptech_pipelines.contracts.wire import SCHEMA_HEADER
from proptech_pipelines_tests.contracts.avro_strategies import EXAMPLES
from proptech_pipelines_tests.contracts.values import NOW, SCHEMA_ID, VALID, decode, reasons, value_of

PRICES = "property-price-changes"
GUID = "8b5f2bc3-6f96-4b8f-98eb-5c63de18ba26"
GUID_HEADER = [(SCHEMA_HEADER, b"\x01" + bytes.fromhex(GUID.replace("-", "")))]


def without(topic_name, *names):
    """The topic's schema without some fields."""
    schema = json.loads(schema_text(topic_name))
    schema["fields"] = [item for item in schema["fields"] if item["name"] not in names]
    return json.dumps(schema)


@pytest.mark.parametrize("name", VALID)
def test_rows_hold_what_was_written_in_the_schemas_order(name):
    batch = decode(name, [value_of(name)] * 3)
    assert batch.table.column_names == [item["name"] for item in json.loads(schema_text(name))["fields"]]
    assert batch.table.to_pylist() == [VALID[name]] * 3
    assert batch.row_index.tolist() == [0, 1, 2]
    assert batch.event_time_ms.tolist() == [NOW] * 3
    assert not batch.event_time_is_kafka.any()
    assert (batch.bad, batch.tombstones.tolist()) == ([], [])


def test_every_kind_of_broken_record_has_its_reason_and_nothing_else_stops():
    good = value_of(PRICES)
    view = value_of("property-views", schema_id=8)
    values = [
        good,
        None,
        b"",
        b"{}",
        b"\0\0",
        good[:1] + b"\0\0\0\x63" + good[5:],
        good[:-1],
        good + b"\0",
        good[:5] + view[5:],
        view,
        good[:1] + b"\0\0\0\x09" + good[5:],
        good.replace(b"CA", b"\xff\xfe"),
        value_of(PRICES, zipCode="00000"),
        good,
    ]
    schemas = {
        SCHEMA_ID: schema_text(PRICES),
        0x63: None,
        8: schema_text("property-views"),
        9: '{"type": "object"}',
    }
    batch = decode(PRICES, values, schemas=schemas)
    assert reasons(batch) == [
        (1, "tombstone"),
        (2, "empty_value"),
        (3, "no_magic_byte"),
        (4, "truncated_prefix"),
        (5, "unknown_schema_id"),
        (6, "truncated"),
        (7, "trailing_bytes"),
        (8, "trailing_bytes"),
        (9, "type_does_not_resolve"),
        (10, "schema_not_avro"),
        (11, "invalid_utf8"),
        (12, "unknown_zip_code"),
    ]
    assert batch.row_index.tolist() == [0, 13]
    assert batch.table.to_pylist() == [VALID[PRICES]] * 2


def test_a_guid_in_the_header_names_the_schema_and_leaves_no_prefix():
    values = [value_of(PRICES, newPrice=1_000)[5:], value_of(PRICES, newPrice=2_000), b"x"]
    headers = [GUID_HEADER, [("trace", b"1")], [(SCHEMA_HEADER, b"?")]]
    batch = decode(
        PRICES, values, headers, schemas={GUID: schema_text(PRICES), SCHEMA_ID: schema_text(PRICES)}
    )
    assert batch.table.column("newPrice").to_pylist() == [1_000, 2_000]
    assert reasons(batch) == [(2, "bad_schema_header")]


def test_a_tombstone_on_a_table_topic_is_no_dead_letter():
    batch = decode("user-profiles", [None, value_of("user-profiles"), None])
    assert (batch.tombstones.tolist(), batch.row_index.tolist(), batch.bad) == ([0, 2], [1], [])


def test_a_record_without_its_event_time_takes_its_kafka_timestamp():
    older = without(PRICES, "changedAt")
    values = [value_of(PRICES, older, 8), value_of(PRICES, changedAt=NOW - 5)]
    batch = decode(
        PRICES, values, kafka_timestamp_ms=NOW + 1, schemas={8: older, SCHEMA_ID: schema_text(PRICES)}
    )
    assert batch.bad == []
    assert batch.event_time_ms.tolist() == [NOW + 1, NOW - 5]
    assert batch.event_time_is_kafka.tolist() == [True, False]
    assert batch.table.column("changedAt").to_pylist() == [None, NOW - 5]


def test_a_null_event_time_counts_as_missing():
    values = [value_of("property-listings", listedAt=None), value_of("property-listings", listedAt=3)]
    batch = decode("property-listings", values, kafka_timestamp_ms=NOW + 1)
    assert batch.event_time_ms.tolist() == [NOW + 1, 3]
    assert batch.event_time_is_kafka.tolist() == [True, False]


def test_another_required_field_that_was_not_written_does_not_resolve():
    older = without(PRICES, "newPrice")
    batch = decode(PRICES, [value_of(PRICES, older)], schemas={SCHEMA_ID: older})
    assert reasons(batch) == [(0, "type_does_not_resolve")]
    assert "newPrice" in batch.bad[0].message


def test_several_schemas_in_one_batch_keep_the_order_of_the_records():
    older = without("property-listings", "city", "latitude", "longitude")
    schemas = {SCHEMA_ID: schema_text("property-listings"), 8: older}
    values = [
        value_of(
            "property-listings", older if index % 3 else None, 8 if index % 3 else SCHEMA_ID, price=index + 1
        )
        for index in range(10)
    ]
    batch = decode("property-listings", values, schemas=schemas)
    assert batch.table.column("price").to_pylist() == list(range(1, 11))
    assert batch.table.column("latitude").to_pylist() == [None if index % 3 else 38.5 for index in range(10)]


def test_a_schema_that_was_not_looked_up_is_the_callers_mistake():
    with pytest.raises(KeyError):
        decode(PRICES, [value_of(PRICES)], schemas={})


def test_an_empty_batch_has_the_tables_columns():
    for item in INPUT_TOPICS:
        batch = decode(item.name, [])
        assert batch.table.num_rows == 0
        assert batch.table.schema == decode(item.name, [value_of(item.name)]).table.schema


def test_only_the_event_time_may_be_missing_from_a_tables_schema():
    changed = json.loads(table_schema_text(topic(PRICES)))["fields"]
    original = json.loads(schema_text(PRICES))["fields"]
    assert [item["name"] for item, old in zip(changed, original, strict=True) if item != old] == ["changedAt"]


SOME = [
    value_of(PRICES),
    value_of(PRICES, propertyId="é" * 70, newPrice=10**9),
    value_of(PRICES, zipCode="00000"),
    value_of(PRICES, changedAt=-1),
    value_of(PRICES) + b"\0",
    value_of(PRICES, schema_id=8),
    value_of("user-profiles", schema_id=9),
    None,
    b"",
    b"\0\0\0",
    b"x",
]
SCHEMAS = {SCHEMA_ID: schema_text(PRICES), 8: schema_text(PRICES), 9: schema_text("user-profiles")}


@EXAMPLES
@given(
    st.lists(st.tuples(st.sampled_from(SOME), st.sampled_from([None, GUID_HEADER])), max_size=12),
    st.integers(0, 12),
)
def test_no_batching_changes_a_row_or_a_reason(records, at):
    schemas = {**SCHEMAS, GUID: schema_text(PRICES)}

    def outcome(part):
        batch = decode(PRICES, [value for value, _ in part], [row for _, row in part], schemas=schemas)
        rows = zip(
            batch.row_index.tolist(), batch.table.to_pylist(), batch.event_time_ms.tolist(), strict=True
        )
        return list(rows), reasons(batch)

    whole, first, second = outcome(records), outcome(records[:at]), outcome(records[at:])
    shift = len(records[:at])
    assert whole[0] == first[0] + [(index + shift, *rest) for index, *rest in second[0]]
    assert whole[1] == first[1] + [(index + shift, reason) for index, reason in second[1]]


@EXAMPLES
@given(st.data())
def test_no_bytes_whatever_raise(data):
    name = data.draw(st.sampled_from([item.name for item in INPUT_TOPICS]))
    good = value_of(name)
    cut = st.integers(0, len(good)).map(lambda at: good[:at])
    spoiled = st.tuples(st.integers(0, len(good) - 1), st.binary(min_size=1, max_size=3)).map(
        lambda pair: good[: pair[0]] + pair[1] + good[pair[0] + 1 :]
    )
    values = data.draw(st.lists(st.one_of(st.none(), st.binary(max_size=40), cut, spoiled), max_size=8))
    schemas = {SCHEMA_ID: schema_text(name)}
    values = [value for value in values if value is None or value[:5] == good[:5] or value[:1] != b"\0"]
    batch = decode(name, values, schemas=schemas)
    found = [*batch.row_index.tolist(), *batch.tombstones.tolist(), *(bad.index for bad in batch.bad)]
    assert sorted(found) == list(range(len(values)))
    assert np.all(np.diff(batch.row_index) > 0)
    assert (
        batch.table.num_rows
        == len(batch.row_index)
        == len(batch.event_time_ms)
        == len(batch.event_time_is_kafka)
    )
