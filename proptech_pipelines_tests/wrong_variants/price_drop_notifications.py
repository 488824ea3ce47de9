"""Wrong about who watches a property when its price falls."""

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.reference import Event
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.building import price_change
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

NOTIFICATIONS = "dbt_like_sql/notifications/price_drop_notifications.sql"
SAVES = "dbt_like_sql/notifications/property_saves.sql"
CUT, AFTER = "2024-05-31T12:00:00", "2024-05-31T12:00:00.001"


def watchers() -> Batches:
    """Two cuts with views at both ends of 30 days, old saves, ties of saves, and what comes late."""
    week_before = "2024-05-24T12:00:00"
    return [
        [
            _view(0, "ann", "2024-05-01T12:00:00"),
            _view(1, "ben", "2024-05-01T11:59:59.999"),
            _mark(0, "cid", "SAVE", "2021-01-01T00:00:00"),
            _mark(1, "dan", "SAVE", week_before),
            _mark(2, "dan", "UNSAVE", week_before),
            _mark(3, "eva", "UNSAVE", "2024-05-23T12:00:00"),
            _mark(4, "eva", "SAVE", week_before),
            _mark(5, "fay", "SAVE", week_before),
            _mark(0, "fay", "UNSAVE", week_before, partition=1),
            _mark(6, "gil", "SEARCH", week_before, home=None),
            _mark(7, "gil", "SAVE", week_before, home=None),
            _mark(8, "gil", "CONTACT", week_before),
        ],
        [
            price_change(0, CUT, 100, 90),
            price_change(1, CUT, 90, 90),
            price_change(2, CUT, 100, 90, zip_code="75501"),
            price_change(3, "2024-06-01T12:00:00", 90, 80),
        ],
        [_view(2, "hal", CUT), _view(3, "ivy", AFTER)],
        [_mark(9, "jim", "SAVE", CUT), _mark(10, "kim", "SAVE", AFTER)],
        [_view(4, "eva", "2024-05-02T00:00:00"), _view(5, "eva", "2024-05-03T00:00:00")],
        [_mark(11, "cid", "UNSAVE", "2024-05-30T00:00:00"), _mark(12, "ann", "SAVE", "2022-01-01T00:00:00")],
    ]


def _view(offset: int, user: str, at: str) -> Event:
    at_ms = milliseconds(at)
    value: dict[str, object] = {"userId": user, "propertyId": "home-78701", "viewedAt": at_ms}
    return Event("property-views", 0, offset, at_ms, value)


def _mark(
    offset: int, user: str, kind: str, at: str, *, home: str | None = "home-78701", partition: int = 0
) -> Event:
    at_ms = milliseconds(at)
    value: dict[str, object] = {
        "userId": user,
        "interactionType": kind,
        "propertyId": home,
        "occurredAt": at_ms,
    }
    return Event("user-interactions", partition, offset, at_ms, value)


def _wrong(name: str, find: str, replace: str, file: str = NOTIFICATIONS) -> WrongVariant:
    return WrongVariant(name, file, find, replace, watchers, families=("price_drop_notifications",))


_AGE = "age = 1 and interaction_type = 'SAVE'"
_TIE = "saves.kafka_partition desc, saves.kafka_offset desc"
_FROM = "views.event_time >= cuts.event_time - interval 30 days"
PRICE_DROP_NOTIFICATIONS = (
    _wrong("a view 30 days before a cut does not watch", _FROM, _FROM.replace(">=", ">")),
    _wrong("a view watches for 31 days", _FROM, _FROM.replace("30", "31")),
    _wrong(
        "a view at the moment of a cut does not watch",
        "and views.event_time <= cuts",
        "and views.event_time < cuts",
    ),
    _wrong("a view after a cut watches", "and views.event_time <= cuts.event_time", ""),
    _wrong(
        "a save at the moment of a cut does not watch", "saves.event_time <= cuts", "saves.event_time < cuts"
    ),
    _wrong("a save after a cut watches", "and saves.event_time <= cuts.event_time", ""),
    _wrong("the first word on a save counts", "saves.event_time desc", "saves.event_time"),
    _wrong(
        "saves tie by offset before partition", _TIE, "saves.kafka_offset desc, saves.kafka_partition desc"
    ),
    _wrong("a save that was removed watches", _AGE, "interaction_type = 'SAVE'"),
    _wrong("a removal watches", _AGE, "age = 1"),
    _wrong(
        "a save watches for 30 days",
        'driver = "price_reductions"',
        'driver = "price_reductions"\nback = "30 days"',
    ),
    _wrong("who looked and saved is said to have looked", "then 'both'", "then 'viewed'"),
    _wrong(
        "a price that stays is a reduction",
        "new_price < old_price",
        "new_price <= old_price",
        "dbt_like_sql/notifications/price_reductions.sql",
    ),
    _wrong("removals of saves are lost", "in ('SAVE', 'UNSAVE')", "in ('SAVE')", SAVES),
    _wrong(
        "other interactions are saves", "in ('SAVE', 'UNSAVE')", "in ('SAVE', 'UNSAVE', 'CONTACT')", SAVES
    ),
    _wrong("saves of no property are kept", " and property_id is not null", "", SAVES),
    _wrong("searches are saves", "in ('SAVE', 'UNSAVE') and property_id is not null", "<> 'CONTACT'", SAVES),
)
