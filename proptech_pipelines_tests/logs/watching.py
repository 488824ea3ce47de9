"""Logs of price cuts, views and saves of few properties by few users, at moments where 7 and 30 days turn."""

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.contents import Content
from proptech_pipelines_tests.logs.instants import BASE_MS
from proptech_pipelines_tests.logs.strategies import logs_on
from proptech_pipelines_tests.reference.arithmetic import DAY_MS
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Entry

WAIT_MS = 5 * 60_000
PROPERTIES = ("home-1", "home-1", "home-2")
USERS = ("ann", "ben")
PRICES = ((100, 90), (100, 90), (90, 80), (100, 100), (100, 101))
MARKS = ("SAVE", "SAVE", "UNSAVE", "UNSAVE", "SEARCH")

_CUTS = st.sampled_from((0, 0, 1, DAY_MS)).map(lambda after: BASE_MS + after)
_NEAR = st.sampled_from((-1, 0, 0, 1))


def moments() -> st.SearchStrategy[int]:
    """Milliseconds: at a cut, 7 days after it, there with the wait, or 30 days before it; give or take one."""
    spans = st.sampled_from((0, 0, 7 * DAY_MS, 7 * DAY_MS + WAIT_MS, -30 * DAY_MS))
    return st.builds(lambda cut, span, near: cut + span + near, _CUTS, spans, _NEAR)


def watching() -> st.SearchStrategy[list[Entry]]:
    """A log of the three topics."""
    return logs_on(
        {
            PRICE_CHANGES: _cuts(),
            "property-views": st.one_of(_views(), _overtaken()),
            "user-interactions": _marks(),
        },
        moments(),
    )


def views_and_cuts() -> st.SearchStrategy[list[Entry]]:
    """A log without saves."""
    return logs_on({PRICE_CHANGES: _cuts(), "property-views": st.one_of(_views(), _overtaken())}, moments())


@st.composite
def _cuts(draw: st.DrawFn) -> list[Content]:
    at_ms, (old, new) = draw(_CUTS), draw(st.sampled_from(PRICES))
    value: dict[str, object] = {
        "propertyId": draw(st.sampled_from(PROPERTIES)),
        "zipCode": "78701",
        "stateCode": "TX",
        "oldPrice": old,
        "newPrice": new,
        "changedAt": at_ms,
    }
    return [Content(PRICE_CHANGES, at_ms, value)]


@st.composite
def _views(draw: st.DrawFn) -> list[Content]:
    return [_view(draw(st.sampled_from(PROPERTIES)), draw(st.sampled_from(USERS)), draw(moments()))]


@st.composite
def _overtaken(draw: st.DrawFn) -> list[Content]:
    """A view that moves stream time to the end of a wait, give or take 1 ms, then one that may be too late."""
    over_ms = draw(_CUTS) + 7 * DAY_MS + WAIT_MS + draw(_NEAR)
    return [_view("home-3", "eva", over_ms), _view("home-1", draw(st.sampled_from(USERS)), draw(moments()))]


def _view(home: str, user: str, at_ms: int) -> Content:
    value: dict[str, object] = {"userId": user, "propertyId": home, "saved": user == "ann", "viewedAt": at_ms}
    return Content("property-views", at_ms, value)


@st.composite
def _marks(draw: st.DrawFn) -> list[Content]:
    """What a user does with a property at one moment: mostly one thing, at times two of which the later counts."""
    home, user, at_ms = draw(st.sampled_from(PROPERTIES)), draw(st.sampled_from(USERS)), draw(moments())
    kinds = draw(st.lists(st.sampled_from(MARKS), min_size=1, max_size=2))
    return [
        Content(
            "user-interactions",
            at_ms,
            {
                "userId": user,
                "interactionType": kind,
                "propertyId": None if kind == "SEARCH" else home,
                "occurredAt": at_ms,
            },
        )
        for kind in kinds
    ]
