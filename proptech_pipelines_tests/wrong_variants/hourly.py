"""Wrong about hopping windows and their ranks, about hourly figures, and about when they are decided."""

from collections.abc import Callable

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.reference import Entry, Event
from proptech_pipelines_tests.reference.analytics_windows import TOPICS as ANALYTICS
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.building import idle, price_change
from proptech_pipelines_tests.reference.log import PRICE_CHANGES
from proptech_pipelines_tests.reference.trending_windows import TOPICS as TRENDS
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

TRENDING = "dbt_like_sql/trends/trending_{}.sql"
FIGURES = "dbt_like_sql/analytics/{}.sql"
_HOUR_CLOSED = "<= epoch_ms(stream_time_ms - 7200000)"


def ranks() -> Batches:
    """Zip codes that tie, overtake one another and pause; late rows; windows decided one after the other."""
    first: list[Entry] = [
        _view(0, "08:05", "10001"),
        _view(1, "10:05", "10001"),
        _view(2, "10:05", "10002"),
        _view(3, "10:35", "78701", saved=True),
        _view(4, "10:40", "75501"),
        price_change(0, "2024-05-01T10:35:00", 100, 90, zip_code="75501"),
        _interaction(0, "10:49:59.999", "SAVE", "78701"),
        _interaction(1, "10:50", "SEARCH", "75501"),
        _view(5, "10:40", None),
        _view(6, "10:59:59.999", "01001", saved=True),
    ]
    second: list[Entry] = [
        _view(7, "11:30", "01001"),
        _view(8, "10:30", "01001"),
        _view(9, "11:39:59.999", "78701"),
        _view(10, "09:45", "78701"),
        _interaction(2, "11:30", "SAVE", "01001"),
        _interaction(3, "10:00", "SAVE", "75501"),
        price_change(1, "2024-05-01T11:39:59.999", 100, 200, zip_code="75501"),
    ]
    third: list[Entry] = [
        _view(11, "11:40", "01001"),
        _view(12, "09:40", "75501"),
        _view(13, "10:39:59.999", "75501"),
    ]
    return [first, second, third, *[_idle(TRENDS, at) for at in ("12:20", "12:29:59.999", "12:30")]]


def a_topic_is_missing() -> Batches:
    """Views and price changes until far on, and no partition of the interactions."""
    topics = ("property-views", PRICE_CHANGES)
    return [
        [_view(0, "10:35", "78701"), price_change(0, "2024-05-01T10:35:00", 100, 90)],
        _idle(topics, "15:00"),
    ]


def figures() -> Batches:
    """Every figure once, rows of no state or kind, late ones, and hours decided one after the other."""
    first: list[Entry] = [
        _view(0, "10:00", "78701", saved=True),
        _view(1, "10:59:59.999", "78701"),
        _view(2, "11:00", "78701"),
        _view(3, "10:30", None),
        *[
            _interaction(n, "10:30", kind, "78701")
            for n, kind in enumerate(("SAVE", "CONTACT", "SEARCH", "UNSAVE"))
        ],
        price_change(0, "2024-05-01T10:30:00", 100, 90),
        price_change(1, "2024-05-01T10:30:00", 100, 100),
        _event("property-listings", 0, "10:30", price=100, bedrooms=1, bathrooms=1.0, zipCode="78701"),
        _event("property-events", 0, "10:30", eventType="SOLD"),
        _event("property-events", 1, "10:30", eventType="LISTED"),
        _event("property-updates", 0, "10:30", attribute="bedrooms"),
    ]
    second: list[Entry] = [
        _event("property-updates", 1, "11:59:59.999", attribute="bedrooms"),
        _event("property-updates", 2, "10:31", attribute="bedrooms"),
        _view(4, "12:00", "78701"),
        _view(5, "10:00", "78701"),
        _view(6, "11:30", "78701"),
    ]
    return [
        first,
        second,
        *[_idle(ANALYTICS, at) for at in ("11:59:59.999", "12:00", "12:59:59.999", "13:00")],
    ]


def _idle(topics: tuple[str, ...], at: str) -> list[Entry]:
    """All partitions are idle until `at`."""
    return [idle(50, f"2024-05-01T{at}", topic=topic) for topic in topics]


def _view(offset: int, at: str, zip_code: str | None, *, saved: bool = False) -> Event:
    state = None if zip_code is None else "TX"
    return _event("property-views", offset, at, userId="ann", zipCode=zip_code, stateCode=state, saved=saved)


def _interaction(offset: int, at: str, kind: str, zip_code: str) -> Event:
    return _event("user-interactions", offset, at, userId="ann", interactionType=kind, zipCode=zip_code)


def _event(topic: str, offset: int, at: str, **fields: object) -> Event:
    at_ms = milliseconds(f"2024-05-01T{at}")
    times = {"property-views": "viewedAt", "property-listings": "listedAt", "property-updates": "updatedAt"}
    value = {"propertyId": "home", "stateCode": "TX", times.get(topic, "occurredAt"): at_ms, **fields}
    return Event(topic, 0, offset, at_ms, value)


def _trends(
    name: str, table: str, find: str, replace: str, log: Callable[[], Batches] = ranks
) -> WrongVariant:
    families = ("trending_neighborhoods",)
    return WrongVariant(name, TRENDING.format(table), find, replace, log, families=families)


def _analytics(name: str, table: str, find: str, replace: str) -> WrongVariant:
    return WrongVariant(name, FIGURES.format(table), find, replace, figures, families=("property_analytics",))


HOURLY = (
    _trends("one window too few", "rows", ", (interval 50 minute)", ""),
    _trends("windows off their hops", "rows", "(interval 20 minute)", "(interval 25 minute)"),
    _trends("hops not aligned to the hour", "events", "minute(event_time) % 10", "minute(event_time) % 9"),
    _trends(
        "hop late only after close time", "rows", "window_start <= closed_to", "window_start < closed_to"
    ),
    _trends("hop without grace", "events", "stream_time_ms - 7200000", "stream_time_ms - 3600000"),
    _trends("late for all windows at once", "rows", "window_start <= closed_to", "event_time <= closed_to"),
    _trends("late hops folded too", "windows", "where not is_late", "where true"),
    _trends("late hops lost", "late", "where is_late", "where is_late and hour(window_start) <> 9"),
    _trends(
        "hop lateness from the window's end", "late", "'millisecond', closes_at", "'millisecond', window_end"
    ),
    _trends("searches are saves of a zip code", "events", "interaction_type = 'SAVE' and ", ""),
    _trends("views of saved properties lost", "events", "case when saved then 1 else 0 end", "0"),
    _trends("least change for their sum", "windows", "cast(sum(change_ppb)", "cast(min(change_ppb)"),
    _trends(
        "a save is worth a view",
        "scores",
        "+ 5 * saves + 3 * price_changes as score",
        "+ saves + 3 * price_changes as score",
    ),
    _trends("ties to the higher zip code", "scores", "desc, zip_code\n", "desc, zip_code desc\n"),
    _trends(
        "ranks by views alone",
        "scores",
        "by views + 2 * saved_views + 5 * saves + 3 * price_changes desc",
        "by views desc",
    ),
    _trends("ranks of all windows together", "scores", "partition by window_start\n        ", ""),
    _trends("final without grace", "ranks", "window_end + interval 1 hour <=", "window_end <="),
    _trends("final a millisecond late", "ranks", "1 hour <= epoch", "1 hour < epoch"),
    _trends(
        "final without all topics",
        "ranks",
        "count(stream_time_ms) = 3",
        "count(stream_time_ms) > 0",
        a_topic_is_missing,
    ),
    _trends(
        "windows decided a millisecond late",
        "neighborhoods",
        "- interval 1 millisecond",
        "- interval 0 millisecond",
    ),
    _trends("windows decided without grace", "neighborhoods", 'wait = "1 hour"', 'wait = "0 hours"'),
    _trends("windows decided an hour late", "neighborhoods", 'wait = "1 hour"', 'wait = "2 hours"'),
    _trends(
        "change of rank turned round",
        "neighborhoods",
        "by window_start) - rank\n",
        "by window_start) * -1 + rank\n",
    ),
    _trends(
        "compared across a gap", "neighborhoods", "= window_start - interval 10 minutes", "< window_start"
    ),
    _trends(
        "compared with what was decided at once alone",
        "neighborhoods",
        'trending_scores = "2 hours"',
        'trending_scores = "59 minutes"',
    ),
    _analytics(
        "views without a state count",
        "analytics_events",
        "from stg_property_views\n    where state_code is not null",
        "from stg_property_views",
    ),
    _analytics("every step is a sale", "analytics_events", " and event_type = 'SOLD'", ""),
    _analytics(
        "contacts are saves",
        "analytics_events",
        "interaction_type = 'SAVE' then 1 else 0 end as saves",
        "true then 1 else 0 end as saves",
    ),
    _analytics(
        "equal prices are reductions", "analytics_events", "new_price < old_price", "new_price <= old_price"
    ),
    _analytics(
        "listings are updates",
        "analytics_events",
        "1 as listings, 0 as sold, 0 as updates",
        "0 as listings, 0 as sold, 1 as updates",
    ),
    _analytics(
        "figures late only after close time", "analytics_rows", _HOUR_CLOSED, _HOUR_CLOSED.replace("<=", "<")
    ),
    _analytics("figures without grace", "analytics_rows", _HOUR_CLOSED, _HOUR_CLOSED.replace("72", "36")),
    _analytics("late figures counted too", "analytics_windows", "where not is_late", "where true"),
    _analytics(
        "late figures lost", "analytics_late", "where is_late", "where is_late and hour(event_time) <> 10"
    ),
    _analytics(
        "figures' lateness from the hour's end",
        "analytics_late",
        "'millisecond', closes_at",
        "'millisecond', window_end",
    ),
    _analytics("most updates for their sum", "analytics_windows", "sum(updates)", "max(updates)"),
    _analytics("hours decided a millisecond late", "property_analytics", " - interval 1 millisecond", ""),
    _analytics("hours decided without grace", "property_analytics", 'wait = "1 hour"', 'wait = "0 hours"'),
    _analytics(
        "hours decided before they are over",
        "property_analytics",
        "+ interval 1 hour - interval 1 millisecond",
        "- interval 1 millisecond",
    ),
    _analytics(
        "hours end with the next",
        "property_analytics",
        "interval 1 hour as window_end",
        "interval 2 hours as window_end",
    ),
)
