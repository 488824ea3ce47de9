"""`personalized_recommendations`: each view with each profile of its user, how the home fits, and the best others."""

from dataclasses import dataclass

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.offers import Home, home_at
from proptech_pipelines_tests.reference.settled import counts, is_decided
from proptech_pipelines_tests.reference.staging import Staged, staged

VIEWS, PROFILES = "property-views", "user-profiles"
LISTINGS, EVENTS = "property-listings", "property-events"
TOPICS = (VIEWS, PROFILES, LISTINGS, EVENTS)
APART_MS = 10 * 60_000
MOST = 3


@dataclass(frozen=True)
class Search:
    """What a profile looks for."""

    zip_codes: list[str]
    min_price: int | None
    max_price: int
    min_bedrooms: int


def rows(log: Log) -> list[Row]:
    """One row for each pair whose moment every partition of the four topics has passed by 5 minutes."""
    records = staged(log)
    return [
        _row(records, view, profile)
        for view, profile in pairs(records)
        if is_decided(log, TOPICS, _later(view, profile))
    ]


def pairs(records: list[Staged]) -> list[tuple[Staged, Staged]]:
    """Views and profiles of a user at most 10 minutes apart that count at the later of the two."""
    views = [record for record in records if record.topic == VIEWS]
    profiles = [record for record in records if record.topic == PROFILES]
    return [
        (view, profile)
        for view in views
        for profile in profiles
        if profile.value is not None
        and view.text("userId") == profile.text("userId")
        and abs(view.event_time_ms - profile.event_time_ms) <= APART_MS
        and counts(view, _later(view, profile))
        and counts(profile, _later(view, profile))
        and not _is_withdrawn(profile, profiles, _later(view, profile))
    ]


def score(home: Home, search: Search) -> int:
    """Points for place, price and bedrooms, 0 to 1000."""
    points = 400 if home.zip_code in search.zip_codes else 0
    if home.bedrooms < search.min_bedrooms:
        points += 150 * home.bedrooms // search.min_bedrooms
    else:
        points += 150 + 25 * min(home.bedrooms - search.min_bedrooms, 2)
    if home.price > search.max_price:
        return points + max(0, 300 - 3000 * (home.price - search.max_price) // search.max_price)
    if search.min_price is not None and home.price < search.min_price:
        return points + 300 - 300 * (search.min_price - home.price) // search.min_price
    return points + 300 + 100 * (search.max_price - home.price) // search.max_price


def reason(home: Home, search: Search) -> str:
    """The three parts of the score in words."""
    if home.zip_code is None:
        place = "zip code unknown"
    elif home.zip_code in search.zip_codes:
        place = f"in preferred zip code {home.zip_code}"
    else:
        place = f"zip code {home.zip_code} not preferred"
    if home.price > search.max_price:
        cost = f"{home.price} dollars, above the budget of {search.max_price}"
    elif search.min_price is not None and home.price < search.min_price:
        cost = f"{home.price} dollars, below the lowest price of {search.min_price}"
    else:
        cost = f"{home.price} dollars of at most {search.max_price}"
    relation = " of at least" if home.bedrooms >= search.min_bedrooms else ", fewer than"
    size = f"{home.bedrooms} bedrooms{relation} {search.min_bedrooms}"
    return f"{place}; {cost}; {size}"


def is_wanted(home: Home, search: Search) -> bool:
    """Whether the home is on offer where, for what and as large as is looked for."""
    return (
        home.is_open
        and home.zip_code in search.zip_codes
        and (search.min_price or 0) <= home.price <= search.max_price
        and home.bedrooms >= search.min_bedrooms
    )


def _later(view: Staged, profile: Staged) -> int:
    return max(view.event_time_ms, profile.event_time_ms)


def _is_withdrawn(profile: Staged, profiles: list[Staged], at_ms: int) -> bool:
    user = profile.text("userId")
    return any(
        other.value is None and other.key == user and other.order > profile.order and counts(other, at_ms)
        for other in profiles
    )


def _row(records: list[Staged], view: Staged, profile: Staged) -> Row:
    at_ms = _later(view, profile)
    search = _search(profile)
    seen = home_at(records, view.text("propertyId"), at_ms)
    return {
        "user_id": view.text("userId"),
        "recommended_at": moment(at_ms),
        "viewed_property_id": view.text("propertyId"),
        "viewed_score": None if seen is None else score(seen, search),
        "viewed_reason": "no listing known" if seen is None else reason(seen, search),
        "recommendations": _best(records, view, search, at_ms),
        "state_code": (profile.value or {}).get("stateCode") or (view.value or {}).get("stateCode"),
        "viewed_at": moment(view.event_time_ms),
        "profile_updated_at": moment(profile.event_time_ms),
        "kafka_partition": view.partition,
        "kafka_offset": view.offset,
        "profile_kafka_partition": profile.partition,
        "profile_kafka_offset": profile.offset,
    }


def _search(profile: Staged) -> Search:
    zip_codes = (profile.value or {})["preferredZipCodes"]
    assert isinstance(zip_codes, list)
    return Search(
        [str(item) for item in zip_codes],
        profile.integer_or_none("minPrice"),
        profile.integer("maxPrice"),
        profile.integer("minBedrooms"),
    )


def _best(records: list[Staged], view: Staged, search: Search, at_ms: int) -> list[Row]:
    listed = {record.text("propertyId") for record in records if record.topic == LISTINGS}
    homes = [home_at(records, name, at_ms) for name in listed - {view.text("propertyId")}]
    wanted = [home for home in homes if home is not None and is_wanted(home, search)]
    wanted.sort(key=lambda home: (-score(home, search), home.price, home.property_id))
    return [
        {
            "place": place,
            "property_id": home.property_id,
            "zip_code": home.zip_code,
            "price": home.price,
            "bedrooms": home.bedrooms,
            "score": score(home, search),
            "reason": reason(home, search),
        }
        for place, home in enumerate(wanted[:MOST], 1)
    ]
