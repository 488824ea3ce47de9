"""What phrases ask for."""

from dataclasses import fields
from decimal import Decimal

import pytest

from proptech_pipelines.cli.search import macro_call
from proptech_pipelines.cli.search_phrase import Search, Span, parse_search
from proptech_pipelines.errors import ProptechError


def span(low=None, high=None):
    return Span(*(None if value is None else Decimal(value) for value in (low, high)))


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("", {}),
        (
            "3 bed sacramento under 300000",
            {"beds": span(3, 3), "city": "sacramento", "price": span(None, 299_999)},
        ),
        ("3 bedroom", {"beds": span(3, 3)}),
        ("3br 2ba", {"beds": span(3, 3), "baths": span(2, 2)}),
        ("3-bed 2-bath", {"beds": span(3, 3), "baths": span(2, 2)}),
        ("3+ beds, 2.5+ baths", {"beds": span(3), "baths": span("2.5")}),
        ("2-3 bed", {"beds": span(2, 3)}),
        ("between 2 and 3 bedrooms", {"beds": span(2, 3)}),
        ("2 to 3 beds 1.5 to 2 baths", {"beds": span(2, 3), "baths": span("1.5", 2)}),
        ("at least 3 beds up to 4 beds", {"beds": span(3, 4)}),
        ("under 3 beds over 1 bath", {"beds": span(None, "2.5"), "baths": span("1.5")}),
        ("studio", {"beds": span(0, 0)}),
        ("under $300k", {"price": span(None, 299_999)}),
        ("below 300,000", {"price": span(None, 299_999)}),
        ("over 1.25m", {"price": span(1_250_001)}),
        ("up to 300 thousand", {"price": span(None, 300_000)}),
        ("at least $250,000", {"price": span(250_000)}),
        ("between 200k and 300k", {"price": span(200_000, 300_000)}),
        ("$200,000 - $300,000", {"price": span(200_000, 300_000)}),
        ("200k-300k", {"price": span(200_000, 300_000)}),
        ("from 200k to 300k", {"price": span(200_000, 300_000)}),
        ("over 200k under 300k", {"price": span(200_001, 299_999)}),
        ("95814", {"zip_code": "95814"}),
        ("zip code 95814 under 95815", {"zip_code": "95814", "price": span(None, 95_814)}),
        ("condo in Sacramento, CA", {"property_type": "condo", "city": "sacramento", "state_code": "CA"}),
        ("house des moines iowa", {"property_type": "residential", "city": "des moines", "state_code": "IA"}),
        ("homes for sale in rancho cordova", {"city": "rancho cordova"}),
        ("multi-family with 4 beds", {"property_type": "multifamily", "beds": span(4, 4)}),
        ("single family home", {"property_type": "residential"}),
        ("california", {"state_code": "CA"}),
        ("new york", {"state_code": "NY"}),
        ("new york, ny", {"city": "new york", "state_code": "NY"}),
        ("west virginia", {"state_code": "WV"}),
        ("truth or consequences nm", {"city": "truth or consequences", "state_code": "NM"}),
        ("coeur d'alene id", {"city": "coeur d'alene", "state_code": "ID"}),
        (
            "under 300k sacramento 3 bed",
            {"beds": span(3, 3), "city": "sacramento", "price": span(None, 299_999)},
        ),
        (
            "3 bed 2 bath condo sacramento ca 95814 between 200k and 300k",
            {
                "beds": span(3, 3),
                "baths": span(2, 2),
                "property_type": "condo",
                "city": "sacramento",
                "state_code": "CA",
                "zip_code": "95814",
                "price": span(200_000, 300_000),
            },
        ),
    ],
)
def test_a_phrase_asks_for(phrase, expected):
    found = parse_search(phrase)
    blank = Search()
    asked = {item.name: getattr(found, item.name) for item in fields(Search)}
    assert {name: value for name, value in asked.items() if value != getattr(blank, name)} == expected
    assert parse_search(f"  {phrase.upper()} ") == found


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("over 300k under 200k", "No price can be from 300001 to 199999."),
        ("4+ beds up to 3 beds", "No bedrooms can be from 4 to 3."),
        ("95814 95815", "A search takes one zip code, not 95814, 95815."),
        ("condo or duplex", "A search takes one type, not condo, multifamily."),
        ("sacramento 3 bed davis", "What 'sacramento' and 'davis' ask for is not clear."),
        ("3 sacramento", "What '3 sacramento' ask for is not clear."),
    ],
)
def test_what_cannot_be_read_or_met_is_an_error(phrase, message):
    with pytest.raises(ProptechError) as error:
        parse_search(phrase)
    assert error.value.message == message
    assert error.value.do


@pytest.mark.parametrize(
    ("phrase", "call"),
    [
        ("", "search_properties()"),
        (
            "3 bed sacramento under 300000",
            "search_properties(min_beds := 3, max_beds := 3, max_price := 299999, in_city := 'sacramento')",
        ),
        (
            "2.5+ baths coeur d'alene id",
            "search_properties(min_baths := 2.5, in_city := 'coeur d''alene', in_state := 'ID')",
        ),
        (
            "condo 95814 up to 300k",
            "search_properties(max_price := 300000, in_zip := '95814', of_type := 'condo')",
        ),
    ],
)
def test_a_search_is_a_call_of_the_lake_s_macro(phrase, call):
    assert macro_call(parse_search(phrase)) == call
