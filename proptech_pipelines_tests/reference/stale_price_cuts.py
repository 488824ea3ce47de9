"""`stale_price_cuts`: price cuts that a view cleared, that nobody looked at for 7 days, and that are open."""

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Idle, Log, Row
from proptech_pipelines_tests.reference.price_cut_first_views import WAIT_MS, WATCHED_FOR_MS, first_view
from proptech_pipelines_tests.reference.price_reductions import VIEWS, prices, reductions, views
from proptech_pipelines_tests.reference.staging import Staged


def rows(log: Log) -> list[Row]:
    """One row for each cut: cleared by a view, or stale once no partition can bring one any more, else pending."""
    seen = views(log)
    least_ms = _least_stream_time_ms(log, seen)
    return [_cut(cut, first_view(cut, seen), least_ms) for cut in reductions(log)]


def _least_stream_time_ms(log: Log, seen: list[Staged]) -> int | None:
    """The stream time that every partition of the views has reached; None while one has none at all."""
    times_ms: dict[int, list[int]] = {entry.partition: [] for entry in log if entry.topic == VIEWS}
    for view in seen:
        times_ms[view.partition].append(view.stream_time_ms)
    for entry in log:
        if isinstance(entry, Idle) and entry.topic == VIEWS:
            times_ms[entry.partition].append(entry.stream_time_ms)
    if not all(times_ms.values()):
        return None
    return min((max(times) for times in times_ms.values()), default=None)


def _cut(cut: Staged, first: Staged | None, least_stream_time_ms: int | None) -> Row:
    end_ms = cut.event_time_ms + WATCHED_FOR_MS
    is_over = least_stream_time_ms is not None and least_stream_time_ms > end_ms + WAIT_MS
    return {
        **prices(cut),
        "watched_until": moment(end_ms),
        "status": "cleared" if first is not None else "stale" if is_over else "pending",
        "first_viewed_at": None if first is None else moment(first.event_time_ms),
        "first_viewed_by": None if first is None else first.text("userId"),
        "kafka_partition": cut.partition,
        "kafka_offset": cut.offset,
    }
