"""`trending_ranks`: the score of each zip code in a window and its place there, as far as the log goes."""

from collections import defaultdict

from proptech_pipelines_tests.reference.arithmetic import HOUR_MS, as_integer, moment
from proptech_pipelines_tests.reference.hours import is_final
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.stream_times import least_stream_time_ms
from proptech_pipelines_tests.reference.trending_windows import TOPICS, window_row, windows

WEIGHTS = {"views": 1, "saved_views": 2, "saves": 5, "price_changes": 3}


def rows(log: Log) -> list[Row]:
    """One row for each (zip code, window) that holds a row in time."""
    least_ms = least_stream_time_ms(log, TOPICS)
    return [
        {
            **{name: row[name] for name in row if name != "change_sum"},
            "is_final": is_final(start_ms, least_ms),
        }
        for (_, start_ms), row in ranked(log).items()
    ]


def ranked(log: Log) -> dict[tuple[str, int], Row]:
    """The sums, score and rank of each zip code and start of a window, in milliseconds."""
    scores: defaultdict[int, list[tuple[int, str, Row]]] = defaultdict(list)
    for (zip_code, start_ms), members in windows(log).items():
        sums = window_row(zip_code, start_ms, members)
        scores[start_ms].append((score(sums), zip_code, sums))
    found: dict[tuple[str, int], Row] = {}
    for start_ms, places in scores.items():
        # The highest score first, of equal ones the lower zip code.
        for rank, (points, zip_code, sums) in enumerate(sorted(places, key=lambda it: (-it[0], it[1])), 1):
            found[zip_code, start_ms] = _ranked(sums, start_ms, points, rank)
    return found


def score(sums: Row) -> int:
    """views + 2 saved_views + 5 saves + 3 price_changes."""
    return sum(weight * as_integer(sums[name]) for name, weight in WEIGHTS.items())


def _ranked(sums: Row, start_ms: int, points: int, rank: int) -> Row:
    return {
        **{name: sums[name] for name in sums if name != "event_count"},
        "window_end": moment(start_ms + HOUR_MS),
        "score": points,
        "rank": rank,
    }
