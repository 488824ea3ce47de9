"""Wrong about which views clear a price cut, which came too late, and when a cut is stale."""

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.reference import Event
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.building import idle, price_change
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

FIRST = "dbt_like_sql/absence/price_cut_first_views.sql"
LATE = "dbt_like_sql/absence/price_cut_late_views.sql"
STATUS = "dbt_like_sql/absence/stale_price_cuts.sql"
CUT, END = "2024-05-01T12:00:00", "2024-05-08T12:00:00"
WAIT, OVER = "2024-05-08T12:05:00", "2024-05-08T12:05:00.001"
UNSEEN, AT_THE_CUT, AT_THE_END, AT_THE_WAIT, OVERTAKEN, TIED = (
    "78701",
    "75501",
    "01001",
    "02138",
    "10001",
    "20001",
)


def cuts_and_views() -> Batches:
    """Cuts of one moment, one a property, and one a day later whose wait ends where the log ends."""
    places = (UNSEEN, AT_THE_CUT, AT_THE_END, AT_THE_WAIT, OVERTAKEN, TIED)
    views = "property-views"
    return [
        [price_change(offset, CUT, 100, 90, zip_code=place) for offset, place in enumerate(places)],
        [_view(0, "ann", AT_THE_CUT, CUT)],
        [
            _view(1, "ann", "elsewhere", WAIT),
            _view(2, "ben", AT_THE_END, END),
            _view(3, "cid", AT_THE_WAIT, "2024-05-04T12:00:00"),
        ],
        [
            _view(4, "ann", "elsewhere", OVER),
            _view(5, "dan", OVERTAKEN, END),
            _view(6, "dan", OVERTAKEN, "2024-05-08T12:00:00.001"),
            _view(7, "eva", TIED, "2024-05-03T12:00:00", partition=1),
        ],
        [
            _view(7, "dan", OVERTAKEN, CUT),
            _view(8, "fay", TIED, "2024-05-02T12:00:00", partition=1),
            _view(0, "gil", TIED, "2024-05-02T12:00:00", partition=2),
            price_change(10, "2024-05-02T12:00:00", 100, 90, zip_code=UNSEEN),
            price_change(11, "2024-05-02T12:00:00.001", 100, 90, zip_code=UNSEEN),
        ],
        [
            idle(8, "2024-05-09T12:05:00", topic=views),
            idle(9, "2024-05-20T00:00:00", topic=views, partition=1),
            idle(1, "2024-05-20T00:00:00", topic=views, partition=2),
        ],
    ]


def _view(offset: int, user: str, place: str, at: str, *, partition: int = 0) -> Event:
    at_ms = milliseconds(at)
    value: dict[str, object] = {"userId": user, "propertyId": f"home-{place}", "viewedAt": at_ms}
    return Event("property-views", partition, offset, at_ms, value)


def _wrong(name: str, file: str, find: str, replace: str) -> WrongVariant:
    return WrongVariant(name, file, find, replace, cuts_and_views, families=("stale_price_cuts",))


_AFTER = "views.event_time > cuts.event_time"
_UNTIL = "views.event_time <= cuts.event_time + interval 7 days"
_IN_TIME = "epoch_ms(views.stream_time_ms) <= cuts.event_time + interval 7 days + interval 5 minutes"
_TOO_LATE = _IN_TIME.replace("<=", ">")
_OVER = "epoch_ms(stream_time_ms) > event_time + interval 7 days + interval 5 minutes"
_TIES = "views.kafka_partition, views.kafka_offset"
STALE_PRICE_CUTS = (
    _wrong("a view at the moment of a cut clears it", FIRST, _AFTER, _AFTER.replace(">", ">=")),
    _wrong("a view at the end of the 7 days does not clear", FIRST, _UNTIL, _UNTIL.replace("<=", "<")),
    _wrong("a view at the end of the wait is too late", FIRST, _IN_TIME, _IN_TIME.replace("<=", "<")),
    _wrong("a cut does not wait", FIRST, _IN_TIME, _IN_TIME.replace(" + interval 5 minutes", "")),
    _wrong("a view that came too late clears", FIRST, f"and {_IN_TIME}", ""),
    _wrong(
        "the last view is the first", FIRST, "order by views.event_time,", "order by views.event_time desc,"
    ),
    _wrong("views tie by offset before partition", FIRST, _TIES, "views.kafka_offset, views.kafka_partition"),
    _wrong("late views of 6 days concern a cut", FIRST, 'ahead = "7 days"', 'ahead = "6 days"'),
    _wrong("cuts without a view are lost", FIRST, "left join counted", "inner join counted"),
    _wrong("a view at the end of the wait is late", LATE, _TOO_LATE, _TOO_LATE.replace(">", ">=")),
    _wrong("a view at the end of the 7 days is not late", LATE, _UNTIL, _UNTIL.replace("<=", "<")),
    _wrong("a view at the moment of a cut is late", LATE, _AFTER, _AFTER.replace(">", ">=")),
    _wrong("every view of the 7 days is late", LATE, f"and {_TOO_LATE}", ""),
    _wrong(
        "lateness of a view without the wait", LATE, "7 days + interval 5 minutes, epoch", "7 days, epoch"
    ),
    _wrong("cuts of 6 days concern a late view", LATE, 'back = "7 days"', 'back = "6 days"'),
    _wrong(
        "a view must be 6 minutes behind to be late",
        "dbt_like_sql/absence/disordered_views.sql",
        "interval 5 minutes",
        "interval 6 minutes",
    ),
    _wrong("stale at the end of the wait", STATUS, _OVER, _OVER.replace(">", ">=")),
    _wrong("stale without a wait", STATUS, _OVER, _OVER.replace(" + interval 5 minutes", "")),
    _wrong("stale by another topic", STATUS, "'property-views'", "'property-price-changes'"),
    _wrong("stale though there was a view", STATUS, "when first_viewed_at is not null", "when false"),
)
