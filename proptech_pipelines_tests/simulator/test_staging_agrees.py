"""Staging's decoder takes every good record, and calls each kind of broken one by its name."""

from collections import defaultdict

import numpy as np
import pytest

from proptech_pipelines.contracts.decode import DecodedBatch, decode_records
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.topics import INPUT_TOPICS, Topic, schema_text
from proptech_pipelines.contracts.wire import Frames, SchemaKey, frame
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.pipeline.gather import gather
from proptech_pipelines.pipeline.typed_rows import typed_rows
from proptech_pipelines.simulator.broken import broken_values
from proptech_pipelines_tests.simulator.stream import NOW_MS, SCHEMA_IDS, TIDY, stream

LIMITS = Limits(max_ahead_ms=86_400_000, max_string_bytes=32_768)
REASONS = {
    "tombstone": "tombstone",
    "empty": "empty_value",
    "no_magic_byte": "no_magic_byte",
    "unknown_schema_id": "unknown_schema_id",
    "truncated": "truncated",
    "trailing_bytes": "trailing_bytes",
    "old_price_zero": "price_out_of_range",
    "new_price_zero": "price_out_of_range",
    "old_price_over_limit": "price_out_of_range",
    "new_price_over_limit": "price_out_of_range",
    "no_zip_code": "unknown_zip_code",
    "before_1970": "event_time_out_of_bounds",
    "far_ahead": "event_time_out_of_bounds",
    "big_string": "string_too_long",
    "invalid_utf8": "invalid_utf8",
    "nul_in_text": "unstorable_text",
    "placeholder_in_text": "unstorable_text",
    "months_over_limit": "number_out_of_range",
    "enum_out_of_range": "enum_out_of_range",
    "boolean_2": "invalid_boolean",
    "int_too_wide": "int_out_of_range",
}


def decoded(topic: Topic, values: list[bytes | None]) -> DecodedBatch:
    frames = frame(values, [None] * len(values))
    return decode_records(topic, frames, np.full(len(values), NOW_MS), known_schemas(topic, frames), LIMITS)


def known_schemas(topic: Topic, frames: Frames) -> dict[SchemaKey, str | None]:
    return {
        key: schema_text(topic.name) if key == SCHEMA_IDS[topic.name] else None for key in frames.schema_keys
    }


@pytest.mark.parametrize("topic", INPUT_TOPICS, ids=lambda topic: topic.name)
def test_each_kind_of_broken_record_dies_of_its_own_reason(topic):
    kinds = broken_values(topic.name, SCHEMA_IDS[topic.name])
    part = Fetched(topic.name, "id", 0, 0, 0)
    for offset, value in enumerate(kinds.values()):
        part.append(offset, (1, NOW_MS), None, value, None)
    (batch,) = gather([part])
    rows = typed_rows(batch, known_schemas(topic, batch.frames), LIMITS, "", {})
    found = {list(kinds)[bad.index]: str(bad.reason) for bad in rows.bad}
    assert found.pop("another_record") in set(REASONS.values()) | {"invalid_union_index", "negative_length"}
    assert found == {kind: REASONS[kind] for kind in kinds if kind != "another_record"}
    assert len(rows.index) == 0


def test_every_good_record_becomes_a_row_or_a_version_none():
    values = defaultdict(list)
    for record in stream(40_000, **{**TIDY, "out_of_order": 0.1, "late": 0.1}):
        values[record.topic].append(record.value)
    for topic in INPUT_TOPICS:
        batch = decoded(topic, values[topic.name])
        assert batch.bad == []
        assert len(batch.tombstones) == values[topic.name].count(None)
        assert len(batch.row_index) + len(batch.tombstones) == len(values[topic.name]) > 0
