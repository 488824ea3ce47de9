"""What records say of the lives of properties: steps that tie, contradict each other and come late."""

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.contents import Content
from proptech_pipelines_tests.logs.instants import BASE_MS, sending_delays_ms
from proptech_pipelines_tests.logs.strategies import logs_on
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Entry

EVENTS = "property-events"
LISTINGS = "property-listings"

_PROPERTIES = ("home-1", "home-1", "home-2")
_KINDS = ("LISTED", "PRICE_REDUCED", "PENDING", "SOLD", "WITHDRAWN", "UNKNOWN")
_PRICES = (None, 100, 100, 99, 1000, 10**12)
_PLACES = (("95814", "CA"), ("50010", "IA"), (None, "IA"), (None, None))
_MIDNIGHT_MS = BASE_MS // DAY_MS * DAY_MS + DAY_MS
_WAIT_MS = 5 * 60_000
_INSTANTS_MS = (
    BASE_MS,
    BASE_MS,
    BASE_MS + 1,
    BASE_MS - 1,
    _MIDNIGHT_MS - 1,
    _MIDNIGHT_MS,
    _MIDNIGHT_MS + HOUR_MS,
    BASE_MS + _WAIT_MS,
    BASE_MS + _WAIT_MS + 1,
    BASE_MS - 40 * DAY_MS,
)
_LIVES = (
    ("LISTED", "PRICE_REDUCED", "PENDING", "SOLD"),
    ("LISTED", "WITHDRAWN", "LISTED"),
    ("SOLD", "LISTED"),
    ("LISTED", "PENDING", "PRICE_REDUCED"),
)


def property_history_logs() -> st.SearchStrategy[list[Entry]]:
    """A log of steps, listings and price changes of two properties, in an arbitrary order of arrival."""
    contents = {
        EVENTS: st.one_of(_steps(), _steps(), _lives()),
        LISTINGS: _listings(),
        PRICE_CHANGES: _price_changes(),
    }
    return logs_on(contents, _instants())


def _instants() -> st.SearchStrategy[int]:
    return st.sampled_from(_INSTANTS_MS)


@st.composite
def _steps(draw: st.DrawFn) -> list[Content]:
    """One step, or two of the same moment."""
    name, at_ms = draw(st.sampled_from(_PROPERTIES)), draw(_instants())
    return [_step(draw, name, draw(st.sampled_from(_KINDS)), at_ms) for _ in range(draw(st.integers(1, 2)))]


@st.composite
def _lives(draw: st.DrawFn) -> list[Content]:
    """The steps of a life, in their order or turned round, a millisecond apart or at one moment."""
    name, start_ms, apart_ms = draw(st.sampled_from(_PROPERTIES)), draw(_instants()), draw(st.integers(0, 1))
    steps = [
        _step(draw, name, kind, start_ms + number * apart_ms)
        for number, kind in enumerate(draw(st.sampled_from(_LIVES)))
    ]
    return steps[::-1] if draw(st.booleans()) else steps


def _step(draw: st.DrawFn, name: str, kind: str, at_ms: int) -> Content:
    zip_code, state_code = draw(st.sampled_from(_PLACES))
    value: dict[str, object] = {
        "propertyId": name,
        "eventType": kind,
        "price": draw(st.sampled_from(_PRICES)),
        "zipCode": zip_code,
        "stateCode": state_code,
        "occurredAt": at_ms,
    }
    return Content(EVENTS, at_ms + draw(sending_delays_ms()), value)


@st.composite
def _listings(draw: st.DrawFn) -> list[Content]:
    """One listing, or two of the same moment."""
    name, at_ms = draw(st.sampled_from(_PROPERTIES)), draw(_instants())
    return [_listing(draw, name, at_ms) for _ in range(draw(st.integers(1, 2)))]


def _listing(draw: st.DrawFn, name: str, at_ms: int) -> Content:
    zip_code, state_code = draw(st.sampled_from(_PLACES))
    value: dict[str, object] = {
        "propertyId": name,
        "price": draw(st.sampled_from((100, 2000))),
        "bedrooms": draw(st.sampled_from((0, 3))),
        "bathrooms": draw(st.sampled_from((0.0, 1.5, 2.25, 999.0, 5000.0))),
        "squareFootage": draw(st.sampled_from((None, 1500))),
        "zipCode": zip_code,
        "stateCode": state_code,
        "city": draw(st.sampled_from((None, "Sacramento"))),
        "propertyType": draw(st.sampled_from((None, "Condo"))),
        "listedAt": at_ms,
    }
    return Content(LISTINGS, at_ms + draw(sending_delays_ms()), value)


@st.composite
def _price_changes(draw: st.DrawFn) -> list[Content]:
    """One price change that may agree with a reduction."""
    at_ms = draw(_instants())
    value: dict[str, object] = {
        "propertyId": draw(st.sampled_from(_PROPERTIES)),
        "zipCode": "95814",
        "stateCode": "CA",
        "oldPrice": draw(st.sampled_from((100, 1000))),
        "newPrice": draw(st.sampled_from((99, 100))),
        "changedAt": at_ms,
    }
    return [Content(PRICE_CHANGES, at_ms + draw(sending_delays_ms()), value)]
