"""Every kind of broken record is broken as its name says, and the good one is good."""

import pytest

from proptech_pipelines.contracts.topics import INPUT_TOPICS, schema_fields
from proptech_pipelines.simulator.broken import KINDS, broken_values, datum, example
from proptech_pipelines_tests.simulator.stream import decode

NAMES = [topic.name for topic in INPUT_TOPICS]
PREFIX = b"\0\0\0\0\7"
LARGEST_BATCH = 1_048_588

# kind, topic, field, what it decodes to
DECODABLE = [
    ("old_price_zero", "property-price-changes", "oldPrice", 0),
    ("new_price_zero", "property-price-changes", "newPrice", 0),
    ("new_price_zero", "property-listings", "price", 0),
    ("old_price_over_limit", "property-price-changes", "oldPrice", 10**13),
    ("new_price_over_limit", "property-events", "price", 10**13),
    ("no_zip_code", "property-views", "zipCode", "ABCDE"),
    ("before_1970", "property-price-changes", "changedAt", -1),
    ("before_1970", "property-listings", "listedAt", -1),
    ("far_ahead", "market-data", "reportedAt", 4_102_444_800_000),
    ("big_string", "property-price-changes", "propertyId", "x" * 1_000_000),
    ("nul_in_text", "property-views", "userId", "a\0b"),
    ("placeholder_in_text", "market-data", "region", "{DATA_PATH}"),
    ("months_over_limit", "market-data", "inventoryMonths", 1e300),
    ("boolean_2", "property-views", "saved", True),
    ("int_too_wide", "property-listings", "bedrooms", 2**31),
    ("int_too_wide", "market-data", "year", 2**31),
    ("int_too_wide", "neighborhood-data", "walkScore", 2**31),
]

# kind, the error of fastavro or the assertion of the test's reader
UNDECODABLE = [
    ("truncated", "EOFError|IndexError|StopIteration"),
    ("trailing_bytes", "AssertionError"),
    ("another_record", "EOFError|IndexError|AssertionError|UnicodeDecodeError"),
    ("invalid_utf8", "UnicodeDecodeError"),
    ("enum_out_of_range", "IndexError"),
]


@pytest.mark.parametrize("name", NAMES)
def test_the_good_record_is_good(name):
    assert decode(name, datum(name, example(name))) == example(name)


@pytest.mark.parametrize(("kind", "name", "field", "value"), DECODABLE)
def test_kind_decodes_to_a_record_with_one_wrong_field(kind, name, field, value):
    broken = broken_values(name, 7)[kind]
    assert broken is not None
    assert broken[:5] == PREFIX
    assert decode(name, broken[5:]) == {**example(name), field: value}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("kind", "error"), UNDECODABLE)
def test_kind_does_not_decode(kind, error, name):
    broken = broken_values(name, 7).get(kind)
    if broken is None:
        assert kind == "enum_out_of_range"
        return
    assert broken[:5] == PREFIX
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which, the table says
        decode(name, broken[5:])
    assert type(caught.value).__name__ in error.split("|")


@pytest.mark.parametrize("name", NAMES)
def test_kinds_about_the_prefix(name):
    values = broken_values(name, 7)
    assert values["empty"] == b""
    assert values["no_magic_byte"][:1] == b"{"
    assert values["unknown_schema_id"] == b"\0\x7f\xff\xff\xff" + datum(name, example(name))


def test_a_tombstone_is_broken_on_streams_only():
    assert {topic.name for topic in INPUT_TOPICS if "tombstone" not in broken_values(topic.name)} == {
        "neighborhood-data",
        "user-profiles",
    }


def test_every_kind_fits_some_topic():
    assert {kind for name in NAMES for kind in broken_values(name)} == {*KINDS, "tombstone"}


@pytest.mark.parametrize("name", NAMES)
def test_all_stay_under_the_brokers_limit(name):
    assert all(len(value or b"") < LARGEST_BATCH - 1_000 for value in broken_values(name).values())


@pytest.mark.parametrize("name", NAMES)
def test_boolean_2_is_the_byte_2(name):
    value = broken_values(name).get("boolean_2")
    has_boolean = any(field["type"] == "boolean" for field in schema_fields(name).values())
    assert (value is not None) == has_boolean
