"""`trending_neighborhoods`: the ranks of windows that no row can change any more, and the places won since one hop."""

from proptech_pipelines_tests.reference.arithmetic import HOUR_MS, as_integer, moment
from proptech_pipelines_tests.reference.hours import is_final
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.readmissions import without
from proptech_pipelines_tests.reference.stream_times import least_stream_time_ms
from proptech_pipelines_tests.reference.trending_ranks import ranked
from proptech_pipelines_tests.reference.trending_windows import HOP_MS, TOPICS


def rows(log: Log) -> list[Row]:
    """One row for each (zip code, window) of which every partition's stream time has reached end and grace."""
    least_ms, found = least_stream_time_ms(log, TOPICS), ranked(without(log))
    return [
        {
            **row,
            "last_moment": moment(start_ms + HOUR_MS - 1),
            "rank_change": _places_won(found.get((zip_code, start_ms - HOP_MS)), row),
        }
        for (zip_code, start_ms), row in found.items()
        if is_final(start_ms, least_ms)
    ]


def _places_won(before: Row | None, now: Row) -> int | None:
    """From rank 5 to rank 2 three places are won; None where the zip code was not in the window one hop earlier."""
    return None if before is None else as_integer(before["rank"]) - as_integer(now["rank"])
