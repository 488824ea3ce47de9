"""A small settled model on a log of some batches, and what must be decided after each; all moments in minutes."""

from collections.abc import Iterator, Sequence

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.supported import check_model
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.models.small_models import model
from proptech_pipelines_tests.reference import Entry, Event, Idle
from proptech_pipelines_tests.reference.arithmetic import milliseconds

LISTINGS, VIEWS = "property-listings", "property-views"
TEN_MS = milliseconds("2024-05-01T10:00:00")
MINUTE_MS = 60_000
MS = 1 / MINUTE_MS

VIEW_HEADER = 'kind = "view"\nfamily = "f"\nday_of = "event_time"'
SETTLED_HEADER = """kind = "settled"
family = "f"
moment = "listed_at"
wait = "5 minutes"
identity = ["kafka_partition", "kafka_offset"]
day_of = "listed_at"
reach_days = 1
reach = {stg_property_listings = "0 seconds", stg_property_views = "10 minutes"}"""
ATTENTION = """
select
    listings.property_id, listings.event_time as listed_at, listings.kafka_partition, listings.kafka_offset,
    count(looks.kafka_offset) as views
from stg_property_listings as listings
left join looks
    on listings.property_id = looks.property_id
    and looks.event_time <= listings.event_time
    and looks.event_time >= listings.event_time - interval 10 minutes
    and epoch_ms(looks.stream_time_ms) <= listings.event_time + interval 5 minutes
where epoch_ms(listings.stream_time_ms) <= listings.event_time + interval 5 minutes
group by listings.property_id, listings.event_time, listings.kafka_partition, listings.kafka_offset"""

Batch = tuple[list[Entry], list[tuple[str, int]]]
"""What is taken in, and what is decided by it: properties and how often each was looked at."""


def attention() -> Graph:
    """Each listing with the looks that its home got in the 10 minutes before it."""
    staging = checkout_graph()
    models = [
        staging["stg_property_listings"],
        staging["stg_property_views"],
        model(
            "looks",
            VIEW_HEADER,
            "select property_id, event_time, stream_time_ms, kafka_offset from stg_property_views",
        ),
        model("attention", SETTLED_HEADER, ATTENTION),
    ]
    graph = Graph.of(models)
    for item in graph.models.values():
        check_model(item, graph)
    return graph


def listing(offset: int, name: str, minutes: float, partition: int = 0) -> Event:
    """A listing, `minutes` after ten."""
    value: dict[str, object] = {"propertyId": name, "price": 1, "bedrooms": 1, "bathrooms": 1.0}
    at_ms = instant_ms(minutes)
    return Event(LISTINGS, partition, offset, at_ms, {**value, "listedAt": at_ms})


def look(offset: int, name: str, minutes: float, partition: int = 0) -> Event:
    """A view of a home, `minutes` after ten."""
    at_ms = instant_ms(minutes)
    return Event(VIEWS, partition, offset, at_ms, {"userId": "ann", "propertyId": name, "viewedAt": at_ms})


def idle(topic: str, offset: int, minutes: float, partition: int = 0) -> Idle:
    """A partition idle until `minutes` after ten."""
    return Idle(topic, partition, offset, instant_ms(minutes))


def instant_ms(minutes: float) -> int:
    """Milliseconds since 1970 of a moment, `minutes` after ten."""
    return TEN_MS + round(minutes * MINUTE_MS)


BATCHES: list[Batch] = [
    # A listing at ten with two looks: 10 minutes before, and at ten; 1 ms further off there are two that do not count.
    (
        [
            look(0, "a", -10 - MS),
            look(1, "a", -10),
            look(2, "a", 0),
            look(3, "a", MS),
            listing(0, "a", 0),
            listing(1, "b", MS),
        ],
        [],
    ),
    # Both topics at 10:05: not past ten by more than the wait.
    ([idle(VIEWS, 4, 5), idle(LISTINGS, 2, 5)], []),
    # One topic past it is not both; a look that comes now still counts, since its own stream time is 10:05.
    ([look(4, "a", -1), idle(LISTINGS, 2, 5 + MS)], []),
    # Past ten by 5 minutes and 1 ms, past b by 5 minutes exactly.
    ([idle(VIEWS, 5, 5 + MS)], [("a", 3)]),
    # Too late for ten, not for what follows; and what was listed at ten and comes now is not decided any more.
    ([look(5, "a", 0), look(6, "b", -10 + MS), listing(2, "a", 0)], []),
    # b exactly 10 minutes after its look, at the very start of what is due now.
    ([idle(VIEWS, 7, 20), idle(LISTINGS, 3, 20)], [("b", 1)]),
    # Nothing new.
    ([idle(VIEWS, 7, 20)], []),
    # Two at once, and one beyond.
    (
        [
            look(7, "c", 19),
            listing(3, "c", 21),
            listing(4, "d", 22),
            listing(5, "e", 30),
            idle(VIEWS, 8, 29),
            idle(LISTINGS, 6, 30),
        ],
        [("c", 1), ("d", 0)],
    ),
]

LOG = [entry for batch, _ in BATCHES for entry in batch]


def decided(driver: EngineDriver) -> list[tuple[str, int]]:
    """The rows, by moment."""
    rows = driver.table("attention")
    return [
        (str(row["property_id"]), int(str(row["views"])))
        for row in sorted(rows, key=lambda row: str((row["listed_at"], row["kafka_offset"])))
    ]


def taken(
    driver: EngineDriver, batches: Sequence[Batch] = BATCHES, *, restart: bool = False
) -> Iterator[tuple[list[tuple[str, int]], list[tuple[str, int]]]]:
    """All that is decided after each batch, and all that must be."""
    driver.know([entry for batch, _ in batches for entry in batch])
    expected: list[tuple[str, int]] = []
    for batch, new in batches:
        driver.pipe(batch)
        if restart:
            driver.pipeline.restart()
        driver.advance()
        expected += new
        yield decided(driver), [*expected]
