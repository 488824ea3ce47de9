"""Moments at which event-time rules turn: edges of windows, ends of grace, and far away."""

from hypothesis import strategies as st

from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS, milliseconds

BASE_MS = milliseconds("2024-05-01T10:00:00")

_HOURS = (0, 1, 25, 26)
"""Hours after BASE. The window that begins n hours after BASE closes 25 hours later, grace included."""

_FAR = (0, milliseconds("2000-02-29T23:59:59.999"), BASE_MS - 3 * DAY_MS, BASE_MS + 366 * DAY_MS)


def instants() -> st.SearchStrategy[int]:
    """Milliseconds since 1970: mostly on an edge, 1 ms before or after it, or in mid-window."""
    edges = [BASE_MS + hours * HOUR_MS for hours in _HOURS]
    near = st.builds(int.__add__, st.sampled_from(edges), st.sampled_from((0, -1, 1, HOUR_MS // 2)))
    return st.integers(0, 7).flatmap(lambda dice: st.sampled_from(_FAR) if dice == 7 else near)


def sending_delays_ms() -> st.SearchStrategy[int]:
    """Kafka timestamp less event time; -24 h is the furthest that an event may be ahead."""
    return st.sampled_from((0, 5, HOUR_MS, -DAY_MS))
