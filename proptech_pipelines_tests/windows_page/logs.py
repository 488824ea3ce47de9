"""Logs of views of few users whose moments lie on the edges of gaps, hours and grace."""

from hypothesis import strategies as st

from proptech_pipelines_tests.logs import logs_on
from proptech_pipelines_tests.logs.contents import Content
from proptech_pipelines_tests.logs.instants import BASE_MS
from proptech_pipelines_tests.reference import Entry
from proptech_pipelines_tests.windows_page.reference import GAP_MS, MINUTE_MS, VIEWS

_EDGES = (0, 15, 30, 40, 45, 60, 70, 75, 90, 100, 130)
"""Minutes after BASE, a full hour: a gap, gap and grace, or an hour and grace apart."""


def moments() -> st.SearchStrategy[int]:
    """Milliseconds: on an edge or 1 ms beside it."""
    return st.builds(
        lambda minutes, beside: BASE_MS + minutes * MINUTE_MS + beside,
        st.sampled_from(_EDGES),
        st.sampled_from((0, 0, 0, -1, 1)),
    )


def views() -> st.SearchStrategy[list[Entry]]:
    """A log of property-views."""
    return logs_on(
        {VIEWS: st.one_of(_single(), _runs())}, moments().map(lambda at_ms: at_ms + 60 * MINUTE_MS)
    )


@st.composite
def _single(draw: st.DrawFn) -> list[Content]:
    return [_view(draw, draw(st.sampled_from(("ann", "ben"))), draw(moments()))]


@st.composite
def _runs(draw: st.DrawFn) -> list[Content]:
    """Views a gap apart, give or take 1 ms, in any order: one session or several, which a view between may join."""
    at_ms, beside = draw(moments()), draw(st.sampled_from((-1, 0, 0, 1)))
    times_ms = [at_ms + number * (GAP_MS + beside) for number in range(draw(st.integers(2, 3)))]
    return [_view(draw, "ann", time_ms) for time_ms in draw(st.permutations(times_ms))]


def _view(draw: st.DrawFn, user: str, at_ms: int) -> Content:
    value: dict[str, object] = {
        "userId": user,
        "propertyId": "home",
        "zipCode": draw(st.sampled_from(("78701", "75501", None))),
        "stateCode": "TX",
        "durationSeconds": draw(st.sampled_from((None, 7))),
        "viewedAt": at_ms,
    }
    return Content(VIEWS, at_ms, value)
