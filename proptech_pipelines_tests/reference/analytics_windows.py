"""`analytics_windows`: what happened to the properties of a state in an hour, of six topics."""

from collections import defaultdict

from proptech_pipelines_tests.reference.arithmetic import HOUR_MS, moment
from proptech_pipelines_tests.reference.hours import is_late
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Log, Row
from proptech_pipelines_tests.reference.readmissions import place, readmitted
from proptech_pipelines_tests.reference.staging import Staged, staged

TOPICS = (
    "property-views",
    "user-interactions",
    PRICE_CHANGES,
    "property-listings",
    "property-events",
    "property-updates",
)
FIGURES = (
    "views",
    "saves",
    "contacts",
    "price_changes",
    "price_reductions",
    "listings",
    "sold",
    "updates",
)

_OF_INTERACTIONS = {"SAVE": ("saves",), "CONTACT": ("contacts",)}
_OF_TOPICS = {
    "property-views": ("views",),
    PRICE_CHANGES: ("price_changes",),
    "property-listings": ("listings",),
    "property-events": ("sold",),
    "property-updates": ("updates",),
}


def rows(log: Log) -> list[Row]:
    """One row for each (state, hour) that holds a row in time or re-admitted; other late rows count nowhere."""
    let_in = readmitted(log, "analytics_windows")
    found: defaultdict[tuple[str, int], list[Staged]] = defaultdict(list)
    for row in events(log):
        if not is_late(row, start_ms(row)) or place(row) in let_in:
            found[row.text("stateCode"), start_ms(row)].append(row)
    return [_window(state, at_ms, members) for (state, at_ms), members in found.items()]


def events(log: Log) -> list[Staged]:
    """The rows that count in some figure and have a state."""
    return [row for row in staged(log) if figures(row) and (row.value or {}).get("stateCode") is not None]


def start_ms(row: Staged) -> int:
    """Start of the row's hour."""
    return row.event_time_ms - row.event_time_ms % HOUR_MS


def figures(row: Staged) -> tuple[str, ...]:
    """The figures in which the row counts; none at all for a search, say."""
    value = row.value or {}
    if row.topic == "user-interactions":
        return _OF_INTERACTIONS.get(str(value["interactionType"]), ())
    if row.topic == "property-events" and value["eventType"] != "SOLD":
        return ()
    if row.topic == PRICE_CHANGES and row.integer("newPrice") < row.integer("oldPrice"):
        return ("price_changes", "price_reductions")
    return _OF_TOPICS.get(row.topic, ())


def _window(state: str, at_ms: int, members: list[Staged]) -> Row:
    return {
        "state_code": state,
        "window_start": moment(at_ms),
        "event_count": len(members),
        **{name: sum(name in figures(row) for row in members) for name in FIGURES},
    }
