"""Logs of price cuts, views and saves of few properties by few users, at moments where 7 and 30 days turn."""

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.contents import Content
from proptech_pipelines_tests.logs.instants import BASE_MS
from proptech_pipelines_tests.logs.strategies import logs_on
from proptech_pipelines_tests.reference.arithmetic import DAY_MS
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Entry

WAIT_MS = 5 * 60_000
PROPERTIES = ("home-1", "home-1", "home-1", "home-2")
USERS = ("ann", "ben")
PRICES = ((100, 90), (100, 90), (90, 80), (100, 90), (100, 100))
MARKS = (("SAVE",), ("SAVE", "UNSAVE"), ("UNSAVE", "SAVE"), ("SAVE", "UNSAVE"), ("SEARCH",))

_CUTS = st.sampled_from((0, 0, 1, DAY_MS)).map(lambda after: BASE_MS + after)
_NEAR = st.sampled_from((-1, 0, 0, 1))
_BEFORE = (0, -DAY_MS, -30 * DAY_MS)
_AFTER = (0, 7 * DAY_MS, 7 * DAY_MS + WAIT_MS)


def watching() -> st.SearchStrategy[list[Entry]]:
    """A log of cuts, of views up to 30 days before them, and of saves."""
    contents = {PRICE_CHANGES: _cuts(), "property-views": _views(_BEFORE), "user-interactions": _marks()}
    return logs_on(contents, _moments(_BEFORE))


def views_and_cuts() -> st.SearchStrategy[list[Entry]]:
    """A log of cuts and of views up to 7 days after them, some of which came too late."""
    contents = {PRICE_CHANGES: _cuts(), "property-views": st.one_of(_views(_AFTER), _overtaken())}
    return logs_on(contents, _moments(_AFTER))


def _moments(spans: tuple[int, ...]) -> st.SearchStrategy[int]:
    """Milliseconds: so far from a cut, give or take one."""
    return st.builds(lambda cut, span, near: cut + span + near, _CUTS, st.sampled_from(spans), _NEAR)


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
def _views(draw: st.DrawFn, spans: tuple[int, ...]) -> list[Content]:
    return [_view(draw(st.sampled_from(PROPERTIES)), draw(st.sampled_from(USERS)), draw(_moments(spans)))]


@st.composite
def _overtaken(draw: st.DrawFn) -> list[Content]:
    """A view that moves stream time to the end of a wait, give or take 1 ms, then one that may be too late."""
    over_ms = draw(_CUTS) + 7 * DAY_MS + WAIT_MS + draw(_NEAR)
    late = _view("home-1", draw(st.sampled_from(USERS)), draw(_moments(_AFTER)))
    return [_view("home-3", "eva", over_ms), late]


def _view(home: str, user: str, at_ms: int) -> Content:
    value: dict[str, object] = {"userId": user, "propertyId": home, "saved": user == "ann", "viewedAt": at_ms}
    return Content("property-views", at_ms, value)


@st.composite
def _marks(draw: st.DrawFn) -> list[Content]:
    """What a user does with a property, once or twice; twice in a while or at one moment, of which the later counts."""
    home, user = draw(st.sampled_from(PROPERTIES)), draw(st.sampled_from((*USERS, "cid")))
    at_ms, between_ms = draw(_moments(_BEFORE)), draw(st.sampled_from((0, 1, DAY_MS)))
    return [
        Content(
            "user-interactions",
            at_ms + number * between_ms,
            {
                "userId": user,
                "interactionType": kind,
                "propertyId": None if kind == "SEARCH" else home,
                "occurredAt": at_ms + number * between_ms,
            },
        )
        for number, kind in enumerate(draw(st.sampled_from(MARKS)))
    ]
