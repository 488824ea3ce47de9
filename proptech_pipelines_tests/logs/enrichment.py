"""Listings and what is known of their zip codes: few zip codes, moments that are equal or 1 ms apart."""

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.contents import Content
from proptech_pipelines_tests.logs.instants import BASE_MS
from proptech_pipelines_tests.logs.strategies import logs_on
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS
from proptech_pipelines_tests.reference.log import Entry

LISTINGS = "property-listings"
NEIGHBORHOODS = "neighborhood-data"

_ZIP_CODES = ("78701", "75501", None)
_MOMENTS_MS = (BASE_MS, BASE_MS, BASE_MS + 1, BASE_MS - 1, BASE_MS + HOUR_MS, BASE_MS - 3 * DAY_MS, 0)
_DELAYS_MS = (0, 0, HOUR_MS, -DAY_MS)
_PRICES = (300_000, 105, 95, 1, 2, 10**12)
_MEDIANS = (300_000, 100, 3, 1, 10**12, None)
_AREAS = (None, 0, 1, 7, 1_500, 2**31 - 1)
_BATHROOMS = (1.0, 2.5, 0.0, 999.5, 1000.0, 1e30)
_DEGREES = (None, 30.2672, -97.7431, 90.0, 90.0000001, -180.0, 181.0, 1e300)


def enrichment_logs() -> st.SearchStrategy[list[Entry]]:
    """A log of listings and neighborhoods on 1 to 3 partitions each, in an arbitrary order of arrival."""
    contents = {LISTINGS: listings(), NEIGHBORHOODS: st.one_of(versions(), versions(), tombstones())}
    return logs_on(contents, st.sampled_from(_MOMENTS_MS))


@st.composite
def listings(draw: st.DrawFn) -> list[Content]:
    """One or two listings of a zip code, or of none."""
    zip_code, at_ms = draw(st.sampled_from(_ZIP_CODES)), draw(st.sampled_from(_MOMENTS_MS))
    return [_listing(draw, zip_code, at_ms) for _ in range(draw(st.integers(1, 2)))]


@st.composite
def versions(draw: st.DrawFn) -> list[Content]:
    """One version of a zip code, or two of one moment that differ: the later offset wins."""
    zip_code, at_ms = draw(st.sampled_from(_ZIP_CODES[:2])), draw(st.sampled_from(_MOMENTS_MS))
    return [_version(draw, zip_code, at_ms) for _ in range(draw(st.sampled_from((1, 1, 2))))]


@st.composite
def tombstones(draw: st.DrawFn) -> list[Content]:
    """From now on nothing is known of a zip code; one without a key is a dead letter."""
    key = draw(st.sampled_from(("78701", "78701", "75501", "no zip code", None)))
    return [Content(NEIGHBORHOODS, draw(st.sampled_from(_MOMENTS_MS)), None, key)]


def _listing(draw: st.DrawFn, zip_code: str | None, at_ms: int) -> Content:
    value: dict[str, object] = {
        "propertyId": draw(st.sampled_from(("home-1", "home-2"))),
        "price": draw(st.sampled_from(_PRICES)),
        "bedrooms": draw(st.sampled_from((0, 3, 2**31 - 1))),
        "bathrooms": draw(st.sampled_from(_BATHROOMS)),
        "squareFootage": draw(st.sampled_from(_AREAS)),
        "energyRating": draw(st.sampled_from((None, "A"))),
        "zipCode": zip_code,
        "stateCode": draw(st.sampled_from((None, "TX"))),
        "city": draw(st.sampled_from((None, "Austin"))),
        "propertyType": draw(st.sampled_from((None, "Condo"))),
        "latitude": draw(st.sampled_from(_DEGREES)),
        "longitude": draw(st.sampled_from(_DEGREES)),
        "listedAt": at_ms,
    }
    delay_ms = draw(st.sampled_from(_DELAYS_MS))
    if draw(st.integers(0, 5)) == 5:
        # Written without a time of its own: the Kafka timestamp counts.
        value, delay_ms = {**value, "listedAt": None}, 0
    return Content(LISTINGS, max(0, at_ms + delay_ms), value)


def _version(draw: st.DrawFn, zip_code: str | None, at_ms: int) -> Content:
    value: dict[str, object] = {
        "zipCode": zip_code,
        "stateCode": "TX",
        "name": draw(st.sampled_from(("Downtown", "Uptown", "Old Town"))),
        "county": draw(st.sampled_from((None, "Travis"))),
        "medianPrice": draw(st.sampled_from(_MEDIANS)),
        "walkScore": draw(st.sampled_from((None, 0, 100))),
        "schoolRating": draw(st.sampled_from((None, 1, 10))),
        "updatedAt": at_ms,
    }
    return Content(NEIGHBORHOODS, max(0, at_ms + draw(st.sampled_from(_DELAYS_MS))), value)
