"""Logs for windows of one hour with one hour of grace: all partitions move on together, so that windows are decided."""

from collections.abc import Mapping

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.batching import interleavings
from proptech_pipelines_tests.logs.contents import Content
from proptech_pipelines_tests.logs.instants import BASE_MS
from proptech_pipelines_tests.logs.strategies import Bursts, placed
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Entry

MINUTE_MS = 60_000
_PLACES = (("78701", "TX"), ("75501", "TX"), ("75501", "AR"), (None, None))
_USERS = ("ann", "ben")
_INTERACTIONS = ("SAVE", "SAVE", "CONTACT", "UNSAVE", "SEARCH")
_STEPS = ("SOLD", "SOLD", "LISTED", "PENDING")
_PRICES = ((100, 90), (100, 100), (100, 101), (3, 2))
_EDGES = (0, 10 * MINUTE_MS, 50 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS)
"""After BASE, a full hour: on edges of hours, of hops and of their grace."""
_IDLE = ((0,),) * 12 + ((-1,), (1,), (HOUR_MS,), ())
"""Idle entries of a partition at a round's end, beside it in milliseconds: mostly one, on it."""


def moments() -> st.SearchStrategy[int]:
    """Milliseconds: on an edge, 1 ms beside it, or in the middle of ten minutes; now and then on the day before."""
    near = st.sampled_from((0, 0, -1, 1, 5 * MINUTE_MS))
    days = st.sampled_from((0, 0, 0, 0, 0, 0, 0, -10 * HOUR_MS - DAY_MS))
    return st.builds(
        lambda edge, beside, day: BASE_MS + edge + beside + day, st.sampled_from(_EDGES), near, days
    )


def trends() -> st.SearchStrategy[list[Entry]]:
    """A log of views, interactions and price changes."""
    return _rounds(
        {
            "property-views": st.one_of(views(), races()),
            "user-interactions": interactions(),
            PRICE_CHANGES: price_changes(),
        }
    )


def analytics() -> st.SearchStrategy[list[Entry]]:
    """A log of these and of listings, events and updates of properties."""
    return _rounds(
        {
            "property-views": views(),
            "user-interactions": interactions(),
            PRICE_CHANGES: price_changes(),
            "property-listings": listings(),
            "property-events": steps(),
            "property-updates": updates(),
        }
    )


@st.composite
def _rounds(draw: st.DrawFn, contents: Mapping[str, Bursts]) -> list[Entry]:
    """In each of some rounds every partition has a few records, then most are idle until the round's end."""
    ends = draw(st.lists(_ends(), min_size=2, max_size=4).map(sorted))
    log: list[Entry] = []
    for topic, bursts in contents.items():
        for partition in range(draw(st.sampled_from((1, 1, 1, 2)))):
            steps: list[list[Content] | int] = []
            for end_ms in ends:
                steps += draw(st.lists(bursts, max_size=2))
                steps += [end_ms + beside for beside in draw(st.sampled_from(_IDLE))]
            log += draw(placed(topic, partition, steps))
    return draw(interleavings(log))


def _ends() -> st.SearchStrategy[int]:
    """Ends of a grace: from two hours after BASE on, every ten minutes."""
    return st.integers(0, 12).map(lambda hops: BASE_MS + 2 * HOUR_MS + hops * 10 * MINUTE_MS)


@st.composite
def views(draw: st.DrawFn) -> list[Content]:
    """Views of one place at one moment by one user."""
    return _views(draw, draw(st.sampled_from(_PLACES)), draw(moments()), draw(st.integers(1, 3)))


@st.composite
def races(draw: st.DrawFn) -> list[Content]:
    """Views of two places, of the second more and one hop later: it overtakes the first in the next window."""
    at_ms = draw(moments())
    return [
        *_views(draw, _PLACES[0], at_ms, 2),
        *_views(draw, _PLACES[1], at_ms, 1),
        *_views(draw, _PLACES[1], at_ms + 10 * MINUTE_MS, 2),
    ]


def _views(draw: st.DrawFn, place: tuple[str | None, str | None], at_ms: int, count: int) -> list[Content]:
    user = draw(st.sampled_from(_USERS))
    value: dict[str, object] = {
        "userId": user,
        "propertyId": "home",
        "zipCode": place[0],
        "stateCode": place[1],
        "saved": user == "ann",
        "durationSeconds": draw(st.sampled_from((None, 7))),
        "viewedAt": at_ms,
    }
    return [Content("property-views", at_ms, value)] * count


@st.composite
def interactions(draw: st.DrawFn) -> list[Content]:
    """What a user did at one moment."""
    zip_code, state = draw(st.sampled_from(_PLACES))
    at_ms = draw(moments())
    value: dict[str, object] = {
        "userId": draw(st.sampled_from(_USERS)),
        "interactionType": draw(st.sampled_from(_INTERACTIONS)),
        "propertyId": "home",
        "zipCode": zip_code,
        "stateCode": state,
        "occurredAt": at_ms,
    }
    return [Content("user-interactions", at_ms, value)]


@st.composite
def price_changes(draw: st.DrawFn) -> list[Content]:
    """One price change, which always has a place."""
    (zip_code, state), at_ms = draw(st.sampled_from(_PLACES[:3])), draw(moments())
    old, new = draw(st.sampled_from(_PRICES))
    value: dict[str, object] = {
        "propertyId": "home",
        "zipCode": zip_code,
        "stateCode": state,
        "oldPrice": old,
        "newPrice": new,
        "changedAt": at_ms,
    }
    return [Content(PRICE_CHANGES, at_ms, value)]


@st.composite
def listings(draw: st.DrawFn) -> list[Content]:
    """One listing, at times one that gives no time of its own: the Kafka timestamp counts."""
    (zip_code, state), at_ms = draw(st.sampled_from(_PLACES)), draw(moments())
    value: dict[str, object] = {
        "propertyId": "home",
        "price": 100_000,
        "bedrooms": 3,
        "bathrooms": 1.5,
        "zipCode": zip_code or "78701",
        "stateCode": state,
        "listedAt": draw(st.sampled_from((at_ms, at_ms, None))),
    }
    return [Content("property-listings", at_ms, value)]


@st.composite
def steps(draw: st.DrawFn) -> list[Content]:
    """One step in the life of a property."""
    (_, state), at_ms = draw(st.sampled_from(_PLACES)), draw(moments())
    value: dict[str, object] = {
        "propertyId": "home",
        "eventType": draw(st.sampled_from(_STEPS)),
        "stateCode": state,
        "occurredAt": at_ms,
    }
    return [Content("property-events", at_ms, value)]


@st.composite
def updates(draw: st.DrawFn) -> list[Content]:
    """One attribute changed by another service."""
    (_, state), at_ms = draw(st.sampled_from(_PLACES)), draw(moments())
    value: dict[str, object] = {
        "propertyId": "home",
        "attribute": "squareFootage",
        "stateCode": state,
        "updatedAt": at_ms,
    }
    return [Content("property-updates", at_ms, value)]
