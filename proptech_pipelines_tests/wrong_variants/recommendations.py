"""Wrong about which view meets which profile, what is on offer, how it fits, or what came too late."""

from functools import partial

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.models_yaml import MODELS, load
from proptech_pipelines_tests.reference import Event, Idle
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, milliseconds
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

FOLDER = "dbt_like_sql/recommendations"
MODEL = f"{FOLDER}/personalized_recommendations.sql"
PAIRS = f"{FOLDER}/recommendation_pairs.sql"
VERSIONS = f"{FOLDER}/profile_versions.sql"
OFFERS = f"{FOLDER}/offer_records.sql"
LATE = f"{FOLDER}/recommendation_late.sql"
HOMES = f"{FOLDER}/recommended_homes.sql"
FAMILIES = ("personalized_recommendations",)
TEN_MS = milliseconds("2024-05-01T10:00:00")
MINUTE_MS = 60_000


def best() -> Batches:
    """The YAML case of scores and ties."""
    return _case("personalized_recommendations", 0)


def apart() -> Batches:
    """The YAML case of ten minutes and tombstones."""
    return _case("personalized_recommendations", 1)


def offered() -> Batches:
    """The YAML case of what is on offer."""
    return _case("personalized_recommendations", 2)


def overtaken() -> Batches:
    """The YAML case of views and profiles that came too late."""
    return _case("personalized_recommendations", 3)


def late() -> Batches:
    """The YAML case of late rows."""
    return _case("recommendation_late", 0)


def far_back() -> Batches:
    """What is read at the far end of each reach, after all before ten was decided."""
    year_ago_ms, ago_ms = TEN_MS - 365 * DAY_MS, TEN_MS - 10 * MINUTE_MS
    home = {"price": 1, "bedrooms": 1, "bathrooms": 1.0, "zipCode": "78701", "listedAt": year_ago_ms}
    topics = ("property-views", "user-profiles", "property-listings", "property-events")
    return [
        [
            Event("property-listings", 0, 0, year_ago_ms, {**home, "propertyId": "home-1"}),
            Event("property-listings", 0, 1, year_ago_ms, {**home, "propertyId": "home-2"}),
            _sold(0, "home-2", year_ago_ms),
            _profile(0, "ann", ago_ms),
            _view(0, "ben", ago_ms),
            *(Idle(topic, 0, 5, TEN_MS + 5 * MINUTE_MS) for topic in topics),
        ],
        [
            _view(5, "ann", TEN_MS),
            _profile(5, "ben", TEN_MS),
            *(Idle(topic, 0, 6, TEN_MS + 60 * MINUTE_MS) for topic in topics),
        ],
    ]


def often() -> Batches:
    """Forty searches within ten minutes, so that they fall into several pieces, and homes that last, go and come."""
    half_past_ms, topics = TEN_MS + 30 * MINUTE_MS, ("property-views", "user-profiles", "property-listings")
    return [
        [
            _listing(0, "home-1", TEN_MS - MINUTE_MS),
            _listing(1, "home-2", TEN_MS - MINUTE_MS),
            _listing(2, "home-3", TEN_MS + 6 * MINUTE_MS),
            _sold(0, "home-2", TEN_MS + 4 * MINUTE_MS),
            _profile(0, "ann", TEN_MS),
            *(_view(number, "ann", TEN_MS + number * MINUTE_MS // 4) for number in range(40)),
            *(Idle(topic, 0, 50, half_past_ms) for topic in (*topics, "property-events")),
        ]
    ]


def _case(model: str, number: int) -> Batches:
    case = list(load(MODELS / "recommendations" / "tests" / f"{model}.yaml"))[number]
    return [batch.entries for batch in case.batches]


def _view(offset: int, user: str, at_ms: int) -> Event:
    value: dict[str, object] = {"userId": user, "propertyId": "home-0", "viewedAt": at_ms}
    return Event("property-views", 0, offset, at_ms, value)


def _profile(offset: int, user: str, at_ms: int) -> Event:
    value: dict[str, object] = {
        "userId": user,
        "preferredZipCodes": ["78701"],
        "maxPrice": 1,
        "minBedrooms": 0,
        "updatedAt": at_ms,
    }
    return Event("user-profiles", 0, offset, at_ms, value, user)


def _listing(offset: int, home: str, at_ms: int) -> Event:
    value: dict[str, object] = {"price": 1, "bedrooms": 1, "bathrooms": 1.0, "zipCode": "78701"}
    return Event("property-listings", 0, offset, at_ms, {**value, "propertyId": home, "listedAt": at_ms})


def _sold(offset: int, home: str, at_ms: int) -> Event:
    value: dict[str, object] = {"propertyId": home, "eventType": "SOLD", "occurredAt": at_ms}
    return Event("property-events", 0, offset, at_ms, value)


_wrong = partial(WrongVariant, families=FAMILIES)
_VIEW_COUNTS = "where epoch_ms(views.stream_time_ms) <= views.event_time + interval 5 minutes"
_PROFILE_COUNTS = "epoch_ms(profiles.stream_time_ms) <= views.event_time + interval 5 minutes"
_ORDER = "order by {'first': -score, 'second': price, 'third': property_id}"

MEETING = (
    _wrong(
        "profile 10 minutes before is too far",
        PAIRS,
        "profiles.event_time >= views.event_time - interval",
        "profiles.event_time > views.event_time - interval",
        apart,
    ),
    _wrong(
        "profile 10 minutes after is too far",
        PAIRS,
        "views.event_time >= profiles.event_time - interval",
        "views.event_time > profiles.event_time - interval",
        apart,
    ),
    _wrong(
        "profile must come first", PAIRS, "and views.event_time < profiles.event_time", "and false", apart
    ),
    _wrong(
        "profile of the moment lost",
        PAIRS,
        "profiles.event_time <= views.event_time",
        "profiles.event_time < views.event_time",
        offered,
    ),
    _wrong(
        "recommended when looked at",
        PAIRS,
        "profiles.event_time as recommended_at",
        "views.event_time as recommended_at",
        apart,
    ),
    *(
        _wrong(f"{side}: {what}", PAIRS, f"and profiles.withdrawn_at > {side}.event_time", replace, apart)
        for side in ("views", "profiles")
        for what, replace in (
            ("withdrawn profiles live on", ""),
            ("withdrawn but a moment later", f"and profiles.withdrawn_at >= {side}.event_time"),
        )
    ),
    _wrong(
        "withdrawn before they were given",
        VERSIONS,
        "rows between 1 following and",
        "rows between unbounded preceding and",
        apart,
    ),
    _wrong(
        "tombstones are profiles",
        PAIRS,
        f"{_VIEW_COUNTS}\n        and not profiles.is_tombstone",
        _VIEW_COUNTS,
        apart,
    ),
    _wrong("view just in time is late", PAIRS, _VIEW_COUNTS, _VIEW_COUNTS.replace("<=", "<"), overtaken),
    _wrong("late views recommend", PAIRS, _VIEW_COUNTS, _VIEW_COUNTS.replace("5", "6"), overtaken),
    _wrong(
        "profile just in time is late", PAIRS, _PROFILE_COUNTS, _PROFILE_COUNTS.replace("<=", "<"), overtaken
    ),
    _wrong("late profiles recommend", PAIRS, _PROFILE_COUNTS, _PROFILE_COUNTS.replace("5", "6"), overtaken),
)

OFFERED = (
    _wrong("closed homes recommended", MODEL, "where homes.is_open", "where true", offered),
    _wrong("reduced homes closed", OFFERS, "in ('LISTED', 'PRICE_REDUCED') as", "= 'LISTED' as", offered),
    _wrong(
        "steps of no known kind close",
        OFFERS,
        "where event_type in (",
        "where event_type in ('UNKNOWN', ",
        apart,
    ),
    _wrong("listings behind steps of their time", OFFERS, "5 as topic_rank", "1 as topic_rank", offered),
    _wrong("reductions say nothing", OFFERS, "'PRICE_REDUCED', 'PENDING'", "'PENDING'", offered),
    _wrong(
        "late steps count",
        OFFERS,
        "greatest(event_time, epoch_ms(stream_time_ms) - interval 5 minutes) as",
        "event_time as",
        offered,
    ),
    *(
        _wrong(
            f"the latest {what} lost",
            MODEL,
            f"event_time >= latest.{name}",
            f"event_time > latest.{name}",
            offered,
        )
        for what, name in (("listing", "latest_listing"), ("record", "latest_record"))
    ),
    _wrong("steps end a listing", MODEL, "where records.is_listing", "", offered),
    _wrong(
        "price of the listing alone",
        MODEL,
        "coalesce(standings.price, listings.price)",
        "listings.price",
        offered,
    ),
    _wrong(
        "listing of 365 days gone",
        MODEL,
        "searches.recommended_at <= homes.listed_until",
        "searches.recommended_at < homes.listed_until",
        offered,
    ),
    _wrong(
        "what happens at the moment is for the next",
        MODEL,
        "searches.recommended_at >= homes.since",
        "searches.recommended_at > homes.since",
        offered,
    ),
    *(
        _wrong(f"reach of {table} too short", MODEL, f'{table} = "{span}"', f'{table} = "{short}"', far_back)
        for table, span, short in (
            ("stg_property_views", "10 minutes", "9 minutes"),
            ("stg_user_profiles", "10 minutes", "9 minutes"),
            ("stg_property_listings", "365 days", "364 days"),
            ("stg_property_events", "365 days", "364 days"),
        )
    ),
)

FITTING = (
    _wrong(
        "homes in the piece of their start alone",
        MODEL,
        "least(homes.until, pieces.last_at)",
        "greatest(homes.since, pieces.first_at)",
        often,
    ),
    _wrong(
        "homes in no piece before their end",
        MODEL,
        "greatest(homes.since, pieces.first_at)",
        "least(homes.until, pieces.last_at)",
        often,
    ),
    _wrong(
        "searches in the piece behind theirs",
        MODEL,
        "searches.recommended_at) // pieces.length_ms as piece",
        "searches.recommended_at) // pieces.length_ms + 1 as piece",
        often,
    ),
    _wrong(
        "ties by property id descending", MODEL, _ORDER, "order by score desc, price, property_id desc", best
    ),
    _wrong("ties by price descending", MODEL, "'second': price", "'second': -price", best),
    _wrong("worst recommended", MODEL, "'first': -score", "'first': score", best),
    _wrong("two recommended", MODEL, "where place <= 3", "where place < 3", best),
    _wrong(
        "the home itself recommended", MODEL, "and searches.viewed_property_id <> homes.property_id", "", best
    ),
    _wrong("zip code twice, homes twice", MODEL, "select distinct", "select", best),
    _wrong("beyond the budget", MODEL, "and homes.price <= searches.max_price", "", best),
    _wrong(
        "the budget itself is too much",
        MODEL,
        "homes.price <= searches.max_price",
        "homes.price < searches.max_price",
        offered,
    ),
    _wrong(
        "the lowest price is too low",
        MODEL,
        "homes.price >= coalesce(searches",
        "homes.price > coalesce(searches",
        offered,
    ),
    _wrong("too few bedrooms", MODEL, "and homes.bedrooms >= searches.min_bedrooms", "", best),
    _wrong(
        "bedrooms without end",
        MODEL,
        "least(homes.bedrooms - searches.min_bedrooms, 2)",
        "(bedrooms - 0)",
        offered,
    ),
    _wrong(
        "quotients rounded",
        MODEL,
        "300 + 100 * (pairs.max_price - homes.price) // pairs.max_price",
        "cast(round(300 + 100 * (pairs.max_price - homes.price) / pairs.max_price) as bigint)",
        best,
    ),
    _wrong("gone at 20 % above the budget", MODEL, "greatest(300 - 3000", "greatest(300 - 1500", apart),
    _wrong(
        "worst recommended home left out",
        HOMES,
        "unnest(recommendations)",
        "unnest(recommendations[:2])",
        best,
    ),
)

BEHIND = (
    _wrong(
        "late at 5 minutes", LATE, "(stream_time_ms) > event_time", "(stream_time_ms) >= event_time", late
    ),
    _wrong("late after 6 minutes", LATE, "> event_time + interval 5", "> event_time + interval 6", late),
    _wrong(
        "missed moments without the wait",
        LATE,
        "epoch_ms(stream_time_ms) - interval 5 minutes as",
        "epoch_ms(stream_time_ms) as",
        late,
    ),
    _wrong(
        "lateness without the wait", LATE, "event_time + interval 5 minutes, epoch", "event_time, epoch", late
    ),
    _wrong(
        "late tombstones without a user", LATE, "coalesce(user_id, record_key) as key", "user_id as key", late
    ),
)

RECOMMENDATIONS = (*MEETING, *OFFERED, *FITTING, *BEHIND)
