"""Wrong about the story of a property, the order of its steps, or what can be bought."""

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.reference.building import price_change
from proptech_pipelines_tests.reference.building_property import listing, step
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant


def lives() -> Batches:
    """Lives that tie, contradict themselves, come late and end; each property is a case."""
    noon, before, after = "2024-05-01T12:00:00", "2024-05-01T11:59:59.999", "2024-05-01T12:00:00.001"
    home = "home-78701"
    return [
        [
            step(0, noon, "SOLD", 495_000, name="late"),
            step(1, noon, "LISTED", 1_000, name="tie"),
            step(9, noon, "PENDING", None, name="tie"),
            step(10, "2024-05-01T23:59:59.999", "PRICE_REDUCED", 900, name="tie", zip_code=None),
            step(11, noon, "LISTED", 999, name="raised"),
            step(12, noon, "PENDING", name="unlisted"),
            step(13, noon, "PENDING", name="unlisted"),
            step(14, noon, "UNKNOWN", 20_005, name="unknown"),
            step(15, noon, "LISTED", 7, name="bare"),
            listing(0, noon, name="tie", price=5, bathrooms=2.75),
            listing(1, before, name="tie", price=6, bedrooms=9),
            listing(2, noon, name="raised", price=5),
        ],
        [
            step(16, before, "LISTED", 520_000, name="late"),
            step(0, noon, "LISTED", 1_000_000, name="tie", partition=1),
            step(17, noon, "PRICE_REDUCED", 999, name="raised"),
            step(18, after, "PRICE_REDUCED", 1_001, name="raised"),
            step(19, "2024-05-02T00:00:00", "PRICE_REDUCED", None, name="raised"),
            step(20, after, "WITHDRAWN", name="bare"),
            step(21, "2024-05-03T00:00:00", "PENDING", name="bare"),
            step(22, noon, "PRICE_REDUCED", 102, name=home),
            step(23, after, "LISTED", None, name="unlisted"),
            listing(3, noon, name="tie", price=7, bedrooms=4, bathrooms=2.75),
            listing(4, noon, name="unlisted", price=8),
            listing(5, "2024-05-09T00:00:00", name="unlisted", price=9),
            price_change(0, before, 100, 101),
            price_change(1, noon, 100, 102),
            price_change(2, after, 100, 103),
            price_change(3, "2024-05-01T12:05:00", 100, 104, zip_code="75501"),
        ],
        # What is sold or withdrawn leaves.
        [
            step(24, "2024-05-04T00:00:00", "SOLD", 990, name="raised"),
            step(25, noon, "WITHDRAWN", name="tie"),
            step(26, noon, "PENDING", 6, name="order"),
            step(1, noon, "LISTED", 5, name="order", partition=1),
            step(27, noon, "LISTED", 3, name="gone"),
            step(28, after, "WITHDRAWN", 2, name="gone"),
        ],
    ]


_STEPS, _TRAIL, _DAYS, _CURRENT, _MARKS, _COUNTS, _COMPARISON, _INDEX = (
    f"dbt_like_sql/history/{name}.sql"
    for name in (
        "property_steps",
        "property_history",
        "property_days",
        "property_current",
        "property_history_marks",
        "property_history_mark_counts",
        "property_price_comparison",
        "property_search_index",
    )
)
_STATUSES = "event_type in ('LISTED', 'PENDING', 'SOLD', 'WITHDRAWN') then"
_LATEST = "order by event_time desc, topic_epoch desc, kafka_partition desc, kafka_offset desc"
_EDITS = (
    ("digits lost between groups", _STEPS, "' '), 10, 3)", "' '), 10, 2)"),
    ("groups without digits stay", _STEPS, "        ' ,'\n", "        ' '\n"),
    ("reduced at instead of to", _TRAIL, "then ' to ' else", "then ' at ' else"),
    ("unknown steps are withdrawals", _TRAIL, "else 'an unknown step'", "else 'withdrawn'"),
    (
        "a step without a price is reduced to nothing",
        _TRAIL,
        "when price is null then ''",
        "when false then ''",
    ),
    (
        "the trail leaves unknown steps out",
        _TRAIL,
        "from property_steps",
        "from property_steps where price is not null",
    ),
    ("a reduction sets the status", _DAYS, _STATUSES, _STATUSES.replace("'SOLD'", "'SOLD', 'PRICE_REDUCED'")),
    (
        "the first listing of a day",
        _DAYS,
        "max(case when event_type = 'LISTED'",
        "min(case when event_type = 'LISTED'",
    ),
    ("steps without a price are asked", _DAYS, " and price is not null then", " then"),
    (
        "places only where whole",
        _DAYS,
        "zip_code is not null or state_code",
        "zip_code is not null and state_code",
    ),
    ("every step is a reduction", _DAYS, "case when event_type = 'PRICE_REDUCED' then 1 end", "event_type"),
    (
        "offset before partition",
        _DAYS,
        "'kafka_partition': kafka_partition,\n        'kafka_offset': kafka_offset, 'event_type'",
        "'kafka_offset': kafka_offset,\n        'kafka_partition': kafka_partition, 'event_type'",
    ),
    ("the first day's status", _CURRENT, "max(status_step)", "min(status_step)"),
    ("every status has a sold price", _CURRENT, "= 'SOLD' then", "<> 'LISTED' then"),
    (
        "a status is as good as a listing",
        _MARKS,
        "steps.previous_listings = 0",
        "steps.previous_status is null",
    ),
    (
        "reduced to the same is raised",
        _MARKS,
        "steps.price > steps.previous_price",
        "steps.price >= steps.previous_price",
    ),
    ("withdrawn is no end", _MARKS, "in ('SOLD', 'WITHDRAWN')\n", "in ('SOLD')\n"),
    (
        "a step counts as its own past",
        _MARKS,
        "1 preceding\n        ) as previous_status",
        "current row\n        ) as previous_status",
    ),
    ("the last step's status, even none", _MARKS, "event_type end ignore nulls", "event_type end"),
    ("properties counted once a step", _COUNTS, "count(distinct property_id)", "count(property_id)"),
    ("a change at the same moment comes after", _COMPARISON, "3 as topic_rank", "6 as topic_rank"),
    ("judged a millisecond early", _COMPARISON, "minutes >= epoch_ms", "minutes > epoch_ms"),
    ("judged by the first change", _COMPARISON, "last_value(new_price", "first_value(new_price"),
    ("sold ones stay in the index", _INDEX, "('listed', 'pending')", "('listed', 'pending', 'sold')"),
    (
        "withdrawn ones stay in the index",
        _INDEX,
        "('listed', 'pending')",
        "('listed', 'pending', 'withdrawn')",
    ),
    ("pending ones leave the index", _INDEX, "('listed', 'pending')", "('listed')"),
    (
        "the listing's price before the trail's",
        _INDEX,
        "coalesce(live.asking_price, listing.price)",
        "coalesce(listing.price, live.asking_price)",
    ),
    ("the earliest listing", _INDEX, _LATEST, _LATEST.replace("event_time desc", "event_time")),
    ("the first of two listings", _INDEX, _LATEST, _LATEST.replace("kafka_offset desc", "kafka_offset")),
    ("no document without a listing", _INDEX, "left join", "inner join"),
    (
        "a listing does not update",
        _INDEX,
        "greatest(live.last_event_at, listing.event_time)",
        "live.last_event_at",
    ),
    ("bathrooms rounded up", _INDEX, "cast(floor(", "cast(ceil("),
)
PROPERTY_HISTORY = tuple(
    WrongVariant(name, file, find, replace, lives, families=("property_history",))
    for name, file, find, replace in _EDITS
)
