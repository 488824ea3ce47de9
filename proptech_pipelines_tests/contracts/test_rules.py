"""Contract rules, each at its edges, on rows decoded from wire values."""

import pytest

from proptech_pipelines.contracts.rules import END_OF_TIME_MS, Limits
from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines_tests.contracts.values import DAY, NOW, VALID, decode, reasons, value_of

NAN, INFINITY = float("nan"), float("inf")
PRICES, LISTINGS, PROFILES = "property-price-changes", "property-listings", "user-profiles"
VIEWS, EVENTS, MARKET, NEIGHBORHOODS = "property-views", "property-events", "market-data", "neighborhood-data"


@pytest.mark.parametrize(
    ("topic", "changes", "reason"),
    [
        (PRICES, {"propertyId": "p" * 32_768}, None),
        (PRICES, {"propertyId": "p" * 32_769}, "string_too_long"),
        (PRICES, {"propertyId": "é" * 16_385}, "string_too_long"),
        (PRICES, {"propertyId": "p" * 1_000_000}, "string_too_long"),
        (PROFILES, {"preferredZipCodes": ["95814", "9" * 32_769]}, "string_too_long"),
        (LISTINGS, {"city": "c" * 32_769}, "string_too_long"),
        (PRICES, {"propertyId": ""}, "empty_identifier"),
        (PROFILES, {"userId": ""}, "empty_identifier"),
        (MARKET, {"region": ""}, "empty_identifier"),
        ("user-interactions", {"propertyId": ""}, None),
        (PRICES, {"changedAt": 0}, None),
        (PRICES, {"changedAt": -1}, "event_time_out_of_bounds"),
        (PRICES, {"changedAt": -(2**63)}, "event_time_out_of_bounds"),
        (PRICES, {"changedAt": NOW + DAY}, None),
        (PRICES, {"changedAt": NOW + DAY + 1}, "event_time_out_of_bounds"),
        (PRICES, {"changedAt": 2**63 - 1}, "event_time_out_of_bounds"),
        (PRICES, {"oldPrice": 1, "newPrice": 1}, None),
        (PRICES, {"oldPrice": 10**12, "newPrice": 10**12}, None),
        (PRICES, {"oldPrice": 0}, "price_out_of_range"),
        (PRICES, {"newPrice": -5}, "price_out_of_range"),
        (PRICES, {"newPrice": 10**12 + 1}, "price_out_of_range"),
        (PRICES, {"newPrice": 2**63 - 1}, "price_out_of_range"),
        (LISTINGS, {"price": 0}, "price_out_of_range"),
        (EVENTS, {"price": None}, None),
        (EVENTS, {"price": 0}, "price_out_of_range"),
        (PROFILES, {"minPrice": 0}, "price_out_of_range"),
        (PROFILES, {"maxPrice": 10**12 + 1}, "price_out_of_range"),
        (MARKET, {"medianPrice": 0}, "price_out_of_range"),
        (PRICES, {"oldPrice": 1_000, "newPrice": 1_000_000}, None),
        (PRICES, {"oldPrice": 1_000, "newPrice": 1_000_001}, "price_change_out_of_range"),
        (PRICES, {"oldPrice": 1_000_000, "newPrice": 1_000}, None),
        (PRICES, {"oldPrice": 1_000_001, "newPrice": 1_000}, "price_change_out_of_range"),
        (PRICES, {"zipCode": "00501"}, None),
        (PRICES, {"zipCode": "00000"}, "unknown_zip_code"),
        (PRICES, {"zipCode": "99999"}, "unknown_zip_code"),
        (PRICES, {"zipCode": "9581"}, "unknown_zip_code"),
        (PRICES, {"zipCode": "95814-1234"}, "unknown_zip_code"),
        (PRICES, {"zipCode": "9581x"}, "unknown_zip_code"),
        (PRICES, {"zipCode": "9581\uff14"}, "unknown_zip_code"),
        (PRICES, {"zipCode": ""}, "unknown_zip_code"),
        (LISTINGS, {"zipCode": None}, None),
        (LISTINGS, {"zipCode": ""}, "unknown_zip_code"),
        (PROFILES, {"preferredZipCodes": []}, None),
        (PROFILES, {"preferredZipCodes": ["95814", "00000"]}, "unknown_zip_code"),
        (PRICES, {"stateCode": "PR"}, None),
        (PRICES, {"stateCode": "ca"}, "unknown_state_code"),
        (PRICES, {"stateCode": "XX"}, "unknown_state_code"),
        (PRICES, {"stateCode": "CAL"}, "unknown_state_code"),
        (PRICES, {"stateCode": "é"}, "unknown_state_code"),
        (PRICES, {"stateCode": ""}, "unknown_state_code"),
        (VIEWS, {"stateCode": None}, None),
        (LISTINGS, {"bedrooms": 0}, None),
        (LISTINGS, {"bedrooms": -1}, "number_out_of_range"),
        (LISTINGS, {"bathrooms": -0.5}, "number_out_of_range"),
        (LISTINGS, {"bathrooms": NAN}, "number_out_of_range"),
        (LISTINGS, {"bathrooms": INFINITY}, "number_out_of_range"),
        (LISTINGS, {"squareFootage": -1}, "number_out_of_range"),
        (LISTINGS, {"latitude": NAN}, "number_out_of_range"),
        (LISTINGS, {"longitude": -INFINITY}, "number_out_of_range"),
        (LISTINGS, {"latitude": None}, None),
        (VIEWS, {"durationSeconds": -1}, "number_out_of_range"),
        (NEIGHBORHOODS, {"walkScore": -1}, "number_out_of_range"),
        (MARKET, {"sales": -1}, "number_out_of_range"),
        (MARKET, {"sales": 2**63 - 1}, None),
        (MARKET, {"inventoryMonths": NAN}, "number_out_of_range"),
        (MARKET, {"inventoryMonths": 1e9}, None),
        (MARKET, {"inventoryMonths": 1e12}, "number_out_of_range"),
        (MARKET, {"month": 0}, "number_out_of_range"),
        (MARKET, {"month": 12}, None),
        (MARKET, {"month": 13}, "number_out_of_range"),
        (MARKET, {"year": 1969}, "number_out_of_range"),
        (MARKET, {"year": 9999}, None),
        (MARKET, {"year": 10_000}, "number_out_of_range"),
    ],
)
def test_a_row_that_breaks_a_rule_is_a_dead_letter(topic, changes, reason):
    batch = decode(topic, [value_of(topic), value_of(topic, **changes), value_of(topic)])
    assert reasons(batch) == ([] if reason is None else [(1, reason)])
    assert batch.row_index.tolist() == ([0, 1, 2] if reason is None else [0, 2])


@pytest.mark.parametrize("topic", VALID)
def test_valid_rows_of_every_topic_pass(topic):
    assert decode(topic, [value_of(topic)] * 2).bad == []


def test_the_first_rule_that_is_broken_gives_the_reason():
    changes = {"propertyId": "", "zipCode": "00000", "newPrice": 0, "changedAt": -1, "stateCode": "XX"}
    assert reasons(decode(PRICES, [value_of(PRICES, **changes)])) == [(0, "empty_identifier")]
    del changes["propertyId"]
    assert reasons(decode(PRICES, [value_of(PRICES, **changes)])) == [(0, "event_time_out_of_bounds")]
    del changes["changedAt"]
    assert reasons(decode(PRICES, [value_of(PRICES, **changes)])) == [(0, "price_out_of_range")]


def test_the_message_shows_the_field_and_a_short_form_of_its_value():
    batch = decode(PRICES, [value_of(PRICES, zipCode="00000"), value_of(PRICES, propertyId="p" * 40_000)])
    assert batch.bad[0].message == "zipCode = '00000'"
    assert batch.bad[1].message == "propertyId = '" + "p" * 59 + "... (40002 characters)"


def test_limits_are_settings():
    limits = Limits(max_ahead_ms=0, max_string_bytes=2)
    assert reasons(decode(PRICES, [value_of(PRICES, changedAt=NOW + 1)], limits=limits)) == [
        (0, "string_too_long")
    ]
    limits = Limits(max_ahead_ms=0, max_string_bytes=10)
    values = [value_of(PRICES, changedAt=NOW), value_of(PRICES, changedAt=NOW + 1)]
    assert reasons(decode(PRICES, values, limits=limits)) == [(1, "event_time_out_of_bounds")]


def test_no_rows_break_no_rule():
    for topic in INPUT_TOPICS:
        assert decode(topic.name, []).bad == []


@pytest.mark.parametrize("sent", [END_OF_TIME_MS, 2**62, 9_223_372_036_850_000])
def test_event_time_ends_with_the_year_9998_whatever_the_broker_took(sent):
    late, last = value_of(PRICES, changedAt=sent), value_of(PRICES, changedAt=END_OF_TIME_MS - 1)
    assert reasons(decode(PRICES, [late, last], kafka_timestamp_ms=sent)) == [(0, "event_time_out_of_bounds")]
