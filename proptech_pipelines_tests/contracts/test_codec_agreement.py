"""The fast way, the careful way and plain fastavro agree on every row and every reason."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from proptech_pipelines.contracts.avro_schema import parse_record_schema
from proptech_pipelines.contracts.batch_codec import decode_batch
from proptech_pipelines.contracts.careful_codec import decode_each
from proptech_pipelines.contracts.topics import INPUT_TOPICS, schema_text
from proptech_pipelines.contracts.wire import Datums
from proptech_pipelines_tests.contracts.avro_strategies import (
    EXAMPLES,
    broken,
    encode,
    plain_schemas,
    records_of,
    reference,
)


def both_ways(text, payloads):
    writer, datums = parse_record_schema(text), Datums.of(payloads)
    return decode_batch(writer, datums), decode_each(writer, datums, np.arange(len(payloads)))


def shown(decoded):
    """Everything in it, NaN equal to NaN."""
    return repr(decoded.table.to_pylist()), decoded.table.schema, decoded.row_index.tolist(), decoded.bad


def narrow(text, record):
    """Whether every int of `record` has 32 bits and every long 64; fastavro reads wider ones too."""
    for item in json.loads(text)["fields"]:
        branches = item["type"] if isinstance(item["type"], list) else [item["type"]]
        value = record[item["name"]]
        bits = {"int": 31, "long": 63}
        for branch in branches:
            if (
                branch in ("int", "long")
                and value is not None
                and not -(2 ** bits[branch]) <= value < 2 ** bits[branch]
            ):
                return False
    return True


@EXAMPLES
@given(st.data())
def test_valid_records_are_read_the_same_by_both_ways_and_by_fastavro(data):
    text = data.draw(plain_schemas())
    records = data.draw(st.lists(records_of(text), max_size=5))
    payloads = [encode(text, record) for record in records]
    fast, careful = both_ways(text, payloads)
    assert fast.bad == []
    assert shown(fast) == shown(careful)
    assert fast.table.to_pylist() == [reference(text, payload) for payload in payloads]


@EXAMPLES
@given(st.data())
def test_broken_records_get_the_same_rows_and_reasons_both_ways(data):
    text, other_text = data.draw(plain_schemas()), data.draw(plain_schemas())
    records = data.draw(st.lists(records_of(text), min_size=1, max_size=5))
    other = encode(other_text, data.draw(records_of(other_text)))
    payloads = [data.draw(broken(encode(text, record), other)) for record in records]
    fast, careful = both_ways(text, payloads)
    assert shown(fast) == shown(careful)
    assert sorted([*fast.row_index.tolist(), *(item.index for item in fast.bad)]) == list(
        range(len(payloads))
    )
    rows = dict(zip(fast.row_index.tolist(), fast.table.to_pylist(), strict=True))
    for index, payload in enumerate(payloads):
        try:
            expected = reference(text, payload)
            whole = encode(text, expected) == payload
        except Exception:
            assert index not in rows
            continue
        if index in rows:
            assert repr(rows[index]) == repr(expected)
        else:
            assert not (whole and narrow(text, expected))


@settings(EXAMPLES, max_examples=30)
@given(st.data())
def test_records_of_every_topic_survive_the_round_trip(data):
    for topic in INPUT_TOPICS:
        text = schema_text(topic.name)
        plain = json.dumps(json.loads(text, object_hook=without_logical_type))
        records = data.draw(st.lists(records_of(plain), max_size=2))
        fast, careful = both_ways(text, [encode(plain, record) for record in records])
        assert shown(fast) == shown(careful)
        assert fast.table.to_pylist() == [reference(plain, encode(plain, record)) for record in records]


def without_logical_type(item):
    item.pop("logicalType", None)
    return item
