"""`trending_windows`: what happened in a zip code in each window of an hour, of which one begins every 10 minutes."""

from collections import defaultdict

from proptech_pipelines_tests.reference.arithmetic import HOUR_MS, change_ppb, moment
from proptech_pipelines_tests.reference.hours import is_late
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Log, Row
from proptech_pipelines_tests.reference.readmissions import place, readmitted
from proptech_pipelines_tests.reference.staging import Staged, staged

VIEWS = "property-views"
INTERACTIONS = "user-interactions"
TOPICS = (VIEWS, INTERACTIONS, PRICE_CHANGES)
HOP_MS = HOUR_MS // 6


def rows(log: Log) -> list[Row]:
    """One row for each (zip code, window) that holds a row in time or re-admitted; other late rows count nowhere."""
    return [window_row(*window, members) for window, members in windows(log).items()]


def windows(log: Log) -> dict[tuple[str, int], list[Staged]]:
    """The rows in time, or re-admitted, of each zip code and start of a window, in milliseconds."""
    let_in = readmitted(log, "trending_windows")
    found: defaultdict[tuple[str, int], list[Staged]] = defaultdict(list)
    for row in events(log):
        for start_ms in starts_ms(row):
            if not is_late(row, start_ms) or place(row) in let_in:
                found[row.text("zipCode"), start_ms].append(row)
    return found


def events(log: Log) -> list[Staged]:
    """Views, saves and price changes that have a zip code."""
    return [row for row in staged(log) if row.topic in TOPICS and _counts(row)]


def starts_ms(row: Staged) -> list[int]:
    """Starts of the six windows that hold the row, the latest first: multiples of 10 minutes."""
    latest_ms = row.event_time_ms - row.event_time_ms % HOP_MS
    return [latest_ms - number * HOP_MS for number in range(6)]


def window_row(zip_code: str, start_ms: int, members: list[Staged]) -> Row:
    """The sums of one window."""
    changes = [
        change_ppb(row.integer("oldPrice"), row.integer("newPrice"))
        for row in members
        if row.topic == PRICE_CHANGES
    ]
    seen = [row for row in members if row.topic == VIEWS]
    return {
        "zip_code": zip_code,
        "window_start": moment(start_ms),
        "event_count": len(members),
        "views": len(seen),
        "saved_views": sum((row.value or {}).get("saved") is True for row in seen),
        "saves": sum(row.topic == INTERACTIONS for row in members),
        "price_changes": len(changes),
        "change_sum": sum(changes),
    }


def _counts(row: Staged) -> bool:
    value = row.value or {}
    is_other = row.topic == INTERACTIONS and value["interactionType"] != "SAVE"
    return value.get("zipCode") is not None and not is_other
