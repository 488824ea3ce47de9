"""Logs of listings that sit on the bounds of the validation rules or just beyond, one, none or several at a time."""

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.contents import Content
from proptech_pipelines_tests.logs.instants import BASE_MS, instants
from proptech_pipelines_tests.logs.strategies import logs_on
from proptech_pipelines_tests.reference.listing_rules import LISTINGS, STATES_OF_ZIP_CODES
from proptech_pipelines_tests.reference.log import Entry

_GOOD: dict[str, object] = {
    "propertyId": "home-1",
    "price": 300_000,
    "bedrooms": 3,
    "bathrooms": 2.5,
    "squareFootage": 1_000,
    "zipCode": "78701",
    "stateCode": "TX",
    "city": "AUSTIN",
    "propertyType": "Residential",
    "latitude": 30.25,
    "longitude": -97.75,
}
_OTHERS: dict[str, tuple[object, ...]] = {
    "price": (4_999, 5_000, 5_001, 10_000_000, 10_000_001, 1, 10**12),
    "bedrooms": (0, 20, 21),
    "bathrooms": (0.0, 0.5, 20.0, 20.5, 2.25, 1e30),
    "squareFootage": (None, 0, 99, 100, 100_000, 100_001, 2**31 - 1),
    "stateCode": (None, "TX", "AR"),
    "city": (None, "", " ", "citrus_heights", " Elk Grove ", "La Cañada ß"),
    "propertyType": (None, "Condo", "multi-family", " MULTI FAMILY ", "Castle", ""),
    "latitude": (None, 17.5, 17.499999, 71.5, 71.500001, 30.0000005, -14.3, 1e300),
    "longitude": (None, -179.5, -179.500001, -64.5, -64.499999, 97.75, -121.4348795, -170.7),
}


@st.composite
def _listings(draw: st.DrawFn) -> list[Content]:
    fields = draw(st.lists(st.sampled_from(sorted(_OTHERS)), max_size=3, unique=True))
    zip_code, state = draw(st.sampled_from(sorted(STATES_OF_ZIP_CODES.items())))
    at_ms = draw(instants())
    value = {**_GOOD, "zipCode": draw(st.sampled_from((zip_code, zip_code, None))), "stateCode": state}
    value |= {field: draw(st.sampled_from(_OTHERS[field])) for field in fields}
    value["listedAt"] = draw(st.sampled_from((at_ms, at_ms, None)))
    return [Content(LISTINGS, max(at_ms, BASE_MS), value)]


def listings() -> st.SearchStrategy[list[Entry]]:
    """A log of listings."""
    return logs_on({LISTINGS: _listings()}, instants())
