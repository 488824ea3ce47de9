"""`price_change_windows`: count, sum and sum of squares of the price changes of a zip code in an hour."""

from collections import defaultdict

from proptech_pipelines_tests.reference.arithmetic import change_ppb, moment
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Log, Row
from proptech_pipelines_tests.reference.readmissions import place, readmitted
from proptech_pipelines_tests.reference.staging import Staged, staged
from proptech_pipelines_tests.reference.windows import is_late, window_start_ms


def rows(log: Log) -> list[Row]:
    """One row for each (zip code, window) that holds a row in time or re-admitted; other late rows count nowhere."""
    let_in = readmitted(log, "price_change_windows")
    groups: defaultdict[tuple[str, int], list[Staged]] = defaultdict(list)
    for row in staged(log):
        if row.topic == PRICE_CHANGES and (not is_late(row) or place(row) in let_in):
            groups[row.text("zipCode"), window_start_ms(row)].append(row)
    return [_window(zip_code, start_ms, members) for (zip_code, start_ms), members in groups.items()]


def _window(zip_code: str, start_ms: int, members: list[Staged]) -> Row:
    changes = [change_ppb(row.integer("oldPrice"), row.integer("newPrice")) for row in members]
    return {
        "zip_code": zip_code,
        "window_start": moment(start_ms),
        "state_code": min(row.text("stateCode") for row in members),
        "event_count": len(changes),
        "change_sum": sum(changes),
        "change_square_sum": sum(change * change for change in changes),
        "min_change_ppb": min(changes),
        "max_change_ppb": max(changes),
    }
