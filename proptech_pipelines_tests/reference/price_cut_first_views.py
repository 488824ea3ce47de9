"""`price_cut_first_views`: each price cut with the first view in the 7 days after it."""

from proptech_pipelines_tests.reference.arithmetic import DAY_MS, moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.price_reductions import is_of_same_property, prices, reductions, views
from proptech_pipelines_tests.reference.staging import Staged

WATCHED_FOR_MS = 7 * DAY_MS
WAIT_MS = 5 * 60_000


def rows(log: Log) -> list[Row]:
    """One row for each cut, with the first view that counts for it, if there is one."""
    seen = views(log)
    return [_cut(cut, first_view(cut, seen)) for cut in reductions(log)]


def first_view(cut: Staged, seen: list[Staged]) -> Staged | None:
    """The first view of the property after the cut, of those that came in time."""
    counted = [view for view in seen if is_within(cut, view) and not is_too_late(cut, view)]
    return min(counted, key=lambda view: view.order, default=None)


def is_within(cut: Staged, view: Staged) -> bool:
    """Whether the view is of the property and after the cut, at most 7 days after it."""
    end_ms = cut.event_time_ms + WATCHED_FOR_MS
    return is_of_same_property(cut, view) and cut.event_time_ms < view.event_time_ms <= end_ms


def is_too_late(cut: Staged, view: Staged) -> bool:
    """Whether the stream time of the view's own row was past the 7 days and the wait already."""
    return lateness_ms(cut, view) > 0


def lateness_ms(cut: Staged, view: Staged) -> int:
    """How far that stream time is past them; up to 0 is in time."""
    return view.stream_time_ms - (cut.event_time_ms + WATCHED_FOR_MS + WAIT_MS)


def _cut(cut: Staged, first: Staged | None) -> Row:
    return {
        **prices(cut),
        "first_viewed_at": None if first is None else moment(first.event_time_ms),
        "first_viewed_by": None if first is None else first.text("userId"),
        "kafka_partition": cut.partition,
        "kafka_offset": cut.offset,
    }
