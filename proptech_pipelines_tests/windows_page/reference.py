"""The tables of docs/windows.md in plain Python, from the rules of DESIGN 4 alone."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from proptech_pipelines_tests.reference import Log, Row, Staged, staged
from proptech_pipelines_tests.reference.arithmetic import HOUR_MS, moment
from proptech_pipelines_tests.reference.stream_times import least_stream_time_ms

VIEWS = "property-views"
MINUTE_MS = 60_000
GAP_MS = 30 * MINUTE_MS
GRACE_MS = 10 * MINUTE_MS


def view_hours(log: Log) -> list[Row]:
    """Views in time by zip code and hour."""
    return [
        {"zip_code": zip_code, "window_start": moment(start_ms), **_sums(members)}
        for (zip_code, start_ms), members in _windows(log, _hour).items()
    ]


def view_hours_late(log: Log) -> list[Row]:
    """Views that missed their hour."""
    return [
        {
            **_coordinates(row),
            "zip_code": row.text("zipCode"),
            "window_start": moment(start_ms),
            "lateness_ms": row.stream_time_ms - start_ms - HOUR_MS - GRACE_MS,
        }
        for row, start_ms in _assigned(log, _hour)
        if _is_late(row, start_ms)
    ]


def view_hours_closed(log: Log) -> list[Row]:
    """Hours whose end and grace every partition has reached."""
    return [
        {
            "zip_code": zip_code,
            "window_start": moment(start_ms),
            "last_moment": moment(start_ms + HOUR_MS - 1),
            **_sums(members),
        }
        for (zip_code, start_ms), members in _windows(log, _hour).items()
        if _is_reached(log, start_ms + HOUR_MS + GRACE_MS)
    ]


def view_hops(log: Log) -> list[Row]:
    """Views in time by zip code and each of the six windows that hold them."""
    return [
        {"zip_code": zip_code, "window_start": moment(start_ms), "views": len(members)}
        for (zip_code, start_ms), members in _windows(log, _hops).items()
    ]


def view_hops_late(log: Log) -> list[Row]:
    """Views that missed a window, a row for each."""
    return [
        {**_coordinates(row), "window_start": moment(start_ms)}
        for row, start_ms in _assigned(log, _hops)
        if _is_late(row, start_ms)
    ]


def view_sessions(log: Log) -> list[Row]:
    """Runs of views in time of a user, at most a gap apart."""
    return [_session(members) for members in _sessions(log)]


def view_sessions_closed(log: Log) -> list[Row]:
    """Sessions that no view in time can join: what lies a gap after the last view is late on every partition."""
    return [
        {**_session(members), "last_moment": moment(members[-1].event_time_ms + 2 * GAP_MS - 1)}
        for members in _sessions(log)
        if _is_reached(log, members[-1].event_time_ms + GAP_MS + GAP_MS + GRACE_MS)
    ]


def view_sessions_late(log: Log) -> list[Row]:
    """Views that came a gap and the grace after their event time, or later."""
    return [
        {
            **_coordinates(row),
            "user_id": row.text("userId"),
            "part_start": moment(row.event_time_ms - row.event_time_ms % GAP_MS),
            "event_time": moment(row.event_time_ms),
            "lateness_ms": _session_lateness_ms(row),
        }
        for row in _views(log)
        if _session_lateness_ms(row) >= 0
    ]


TABLES: dict[str, Callable[[Log], list[Row]]] = {
    "view_hours": view_hours,
    "view_hours_late": view_hours_late,
    "view_hours_closed": view_hours_closed,
    "view_hops": view_hops,
    "view_hops_late": view_hops_late,
    "view_sessions": view_sessions,
    "view_sessions_closed": view_sessions_closed,
    "view_sessions_late": view_sessions_late,
}
"""The rows of each table by its name."""

Starts = Callable[[int], list[int]]


def _hour(event_time_ms: int) -> list[int]:
    return [event_time_ms - event_time_ms % HOUR_MS]


def _hops(event_time_ms: int) -> list[int]:
    """All starts on a full ten minutes less than an hour before, the moment itself included."""
    latest_ms = event_time_ms - event_time_ms % (10 * MINUTE_MS)
    return [
        start
        for start in range(latest_ms - HOUR_MS, latest_ms + 1, 10 * MINUTE_MS)
        if start + HOUR_MS > event_time_ms
    ]


def _windows(log: Log, starts: Starts) -> dict[tuple[str, int], list[Staged]]:
    found: defaultdict[tuple[str, int], list[Staged]] = defaultdict(list)
    for row, start_ms in _assigned(log, starts):
        if not _is_late(row, start_ms):
            found[row.text("zipCode"), start_ms].append(row)
    return found


def _assigned(log: Log, starts: Starts) -> Iterator[tuple[Staged, int]]:
    for row in _views(log):
        if (row.value or {}).get("zipCode") is not None:
            yield from ((row, start_ms) for start_ms in starts(row.event_time_ms))


def _is_late(row: Staged, start_ms: int) -> bool:
    return start_ms + HOUR_MS + GRACE_MS <= row.stream_time_ms


def _session_lateness_ms(row: Staged) -> int:
    return row.stream_time_ms - (row.event_time_ms + GAP_MS + GRACE_MS)


def _sessions(log: Log) -> list[list[Staged]]:
    """The sessions of all users, the views of each in the order of their event times."""
    by_user: defaultdict[str, list[Staged]] = defaultdict(list)
    for row in _views(log):
        if _session_lateness_ms(row) < 0:
            by_user[row.text("userId")].append(row)
    found: list[list[Staged]] = []
    for views in by_user.values():
        last_ms: int | None = None
        for row in sorted(views, key=lambda view: view.order):
            if last_ms is None or row.event_time_ms - last_ms > GAP_MS:
                found.append([])
            found[-1].append(row)
            last_ms = row.event_time_ms
    return found


def _session(members: list[Staged]) -> Row:
    return {
        "user_id": members[0].text("userId"),
        "session_start": moment(members[0].event_time_ms),
        "session_end": moment(members[-1].event_time_ms),
        **_sums(members),
    }


def _sums(members: list[Staged]) -> Row:
    return {
        "views": len(members),
        "seconds": sum(row.integer_or_none("durationSeconds") or 0 for row in members),
    }


def _is_reached(log: Log, at_ms: int) -> bool:
    least_ms = least_stream_time_ms(log, (VIEWS,))
    return least_ms is not None and at_ms <= least_ms


def _coordinates(row: Staged) -> Row:
    return {"kafka_partition": row.partition, "kafka_offset": row.offset}


def _views(log: Log) -> list[Staged]:
    return [row for row in staged(log) if row.topic == VIEWS]
