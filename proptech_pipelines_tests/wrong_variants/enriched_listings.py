"""Wrong about which version of a neighborhood a listing gets, or about the figures of both."""

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.reference import Event
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

HERE, THERE, ELSEWHERE = "78701", "75501", "01001"


def corrections() -> Batches:
    """Versions that come late, tie, are older than what is known, or say that nothing is."""
    return [
        [
            _listing(0, "10:00", HERE, 4, latitude=30.2672006),
            _listing(1, "10:00", THERE, 5),
            _listing(2, "10:00", None, 6),
            _listing(3, "12:00", HERE, 2),
            _version(10, "08:00", ELSEWHERE, 1, "Elsewhere"),
        ],
        [_version(11, "10:00", HERE, 3, "First")],
        [
            _version(12, "09:00", HERE, 5, "Older"),
            _version(0, "10:00", HERE, 6, "Tie", partition=1),
        ],
        [_none(13, "11:00", HERE), _listing(4, "10:30", HERE, 7)],
        [_version(1, "10:00", HERE, None, "Tie again", partition=1), _listing(5, "13:00", HERE, 8)],
        [
            _version(2, "12:00:00.001", HERE, 9, "After", partition=1),
            _listing(6, "09:30", HERE, 10**12),
            _listing(7, "20:00", ELSEWHERE, 11),
        ],
    ]


def _listing(offset: int, at: str, zip_code: str | None, price: int, latitude: float | None = None) -> Event:
    at_ms = milliseconds(f"2024-05-01T{at}")
    value: dict[str, object] = {
        "propertyId": f"home-{offset}",
        "price": price,
        "bedrooms": 3,
        "bathrooms": 2.5,
        "squareFootage": 7,
        "zipCode": zip_code,
        "latitude": latitude,
        "listedAt": at_ms,
    }
    return Event("property-listings", 0, offset, at_ms, value)


def _version(
    offset: int, at: str, zip_code: str, median: int | None, name: str, *, partition: int = 0
) -> Event:
    at_ms = milliseconds(f"2024-05-01T{at}")
    value: dict[str, object] = {
        "zipCode": zip_code,
        "stateCode": "TX",
        "name": name,
        "medianPrice": median,
        "updatedAt": at_ms,
    }
    return Event("neighborhood-data", partition, offset, at_ms, value)


def _none(offset: int, at: str, zip_code: str) -> Event:
    return Event("neighborhood-data", 0, offset, milliseconds(f"2024-05-01T{at}"), None, zip_code)


_MODEL = "dbt_like_sql/enrichment/enriched_listings.sql"
_VERSIONS = "dbt_like_sql/enrichment/neighborhood_versions.sql"
_ORDER = "order by event_time, topic_epoch, kafka_partition, kafka_offset"
_AS_OF = "listings.event_time >= periods.event_time\n    and listings.event_time < periods.valid_until"
_MEDIANS = (
    "cast((listings.price - periods.median_price) // periods.median_price as decimal(38, 0)) * 1000000000"
)


def _variant(name: str, find: str, replace: str, file: str = _MODEL) -> WrongVariant:
    return WrongVariant(name, file, find, replace, corrections, families=("enriched_listings",))


ENRICHED_LISTINGS = (
    _variant("version of the very same moment left out", ">= periods.event_time", "> periods.event_time"),
    _variant("newest version, not that of the time", _AS_OF, "year(periods.valid_until) = 9999"),
    _variant("version of the lower partition", _ORDER, _ORDER.replace("partition", "partition desc")),
    _variant("version of the lower offset", _ORDER, f"{_ORDER} desc"),
    _variant(
        "versions in the order of their arrival",
        _ORDER,
        "order by kafka_offset, topic_epoch, kafka_partition, event_time",
    ),
    _variant("version none taken for one", "\n    and not periods.is_tombstone", ""),
    _variant(
        "version none passed over",
        "from neighborhood_versions",
        "from neighborhood_versions where not is_tombstone",
    ),
    _variant(
        "version none of no zip code",
        "case when is_tombstone then record_key else zip_code end",
        "zip_code",
        _VERSIONS,
    ),
    _variant(
        "versions of the hour before alone", 'time = "event_time"', 'time = "event_time"\nback = "1 hour"'
    ),
    _variant("listings without a neighborhood lost", "left join periods", "inner join periods"),
    _variant("listings without a neighborhood not told apart", "periods.zip_code is not null", "true"),
    _variant("cents a square foot rounded up", "(listings.price * 100) //", "(listings.price * 100 + 6) //"),
    _variant("dollars a square foot", "(listings.price * 100) //", "listings.price //"),
    _variant("price to the median rounded", "* 1000\n        // periods", "* 1000 + 2\n        // periods"),
    _variant("whole medians left out", _MEDIANS, "0"),
    _variant(
        "age of a version in whole seconds",
        "'millisecond', periods.event_time, listings.event_time",
        "'second', periods.event_time, listings.event_time",
    ),
    _variant("degrees cut off", "listings.latitude * 1000000 + 0.5", "listings.latitude * 1000000"),
)
