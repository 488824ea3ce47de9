"""Small models by driver row, of price cuts and views of properties, and what they must give in plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model
from proptech_pipelines.models.supported import check_model
from proptech_pipelines.testing import Record
from proptech_pipelines_tests.models.small_models import VIEW, model
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS, moment

FAMILY = "f"
CUTS, VIEWS = "property-price-changes", "property-views"
_PLACE = "topic_id, topic_epoch, kafka_partition, kafka_offset"


@dataclass(frozen=True)
class Happening:
    """A price cut or a view of a property at its coordinates."""

    topic: str
    partition: int
    offset: int
    at_ms: int
    home: str = "home-1"

    def record(self) -> Record:
        """The record that says so."""
        value: dict[str, object] = {"propertyId": self.home, "zipCode": "78701", "stateCode": "TX"}
        if self.topic == CUTS:
            value |= {"oldPrice": 100, "newPrice": 90, "changedAt": self.at_ms}
        else:
            value |= {
                "userId": "u",
                "device": "WEB",
                "saved": False,
                "durationSeconds": 1,
                "viewedAt": self.at_ms,
            }
        return Record(self.topic, self.partition, self.offset, self.at_ms, value)


Rows = list[tuple[object, ...]]


def graph() -> Graph:
    """The models: bounds on both sides, on one, of one topic with itself, of stored tables whose rows vanish."""
    columns = f"property_id, event_time, {_PLACE}"
    models = [
        checkout_graph()["stg_property_price_changes"],
        checkout_graph()["stg_property_views"],
        _view("cuts", f"select {columns} from stg_property_price_changes"),
        _view("others", f"select {columns} from stg_property_price_changes"),
        _view("looks", f"select {columns} from stg_property_views"),
        _count(
            "near", "cuts", "looks", ">= d.event_time - interval 1 hour", "<= d.event_time + interval 2 hours"
        ),
        _count("later", "cuts", "looks", "> d.event_time", "<= d.event_time + interval 2 hours"),
        _count("earlier", "cuts", "others", ">= d.event_time - interval 1 day", "< d.event_time"),
        _count(
            "quiet",
            "cuts",
            "looks",
            ">= d.event_time - interval 1 hour",
            "<= d.event_time + interval 2 hours",
            "having count(o.kafka_offset) <= 1",
        ),
        _count("near_quiet", "looks", "quiet", ">= d.event_time - interval 2 hours", "<= d.event_time"),
        _count("quiet_ones", "quiet", "looks", ">= d.event_time - interval 2 hours", "<= d.event_time"),
        _pairs(),
    ]
    built = Graph.of(models)
    for item in built.models.values():
        check_model(item, built)
    return built


TABLES = ("near", "later", "earlier", "quiet", "near_quiet", "quiet_ones", "pairs")
_BOUNDS = {
    "near": 'back = "1 hour"\nahead = "2 hours"\nreach_days = 1',
    "later": 'back = "0 seconds"\nahead = "2 hours"\nreach_days = 1',
    "earlier": 'back = "1 day"\nreach_days = 1',
    "quiet": 'back = "1 hour"\nahead = "2 hours"\nreach_days = 1',
    "near_quiet": 'back = "2 hours"\nreach_days = 1',
    "quiet_ones": 'back = "2 hours"',
    "pairs": 'back = "10 minutes"\nahead = "10 minutes"\nreach_days = 1',
}


def expected(log: Sequence[Happening]) -> dict[str, Rows]:
    """The rows of each table, by the rules that the models state in SQL."""
    cuts = [item for item in log if item.topic == CUTS]
    looks = [item for item in log if item.topic == VIEWS]
    near = [(cut, _between(cut, looks, -HOUR_MS, 2 * HOUR_MS)) for cut in cuts]
    quiet = [cut for cut, count in near if count <= 1]
    return {
        "near": [_row(cut, count) for cut, count in near],
        "later": [_row(cut, _between(cut, looks, 1, 2 * HOUR_MS)) for cut in cuts],
        "earlier": [_row(cut, _between(cut, cuts, -DAY_MS, -1)) for cut in cuts],
        "quiet": [_row(cut, count) for cut, count in near if count <= 1],
        "near_quiet": [_row(look, _between(look, quiet, -2 * HOUR_MS, 0)) for look in looks],
        "quiet_ones": [_row(cut, _between(cut, looks, -2 * HOUR_MS, 0)) for cut in quiet],
        "pairs": [
            (*_row(look), cut.partition, cut.offset)
            for look in looks
            for cut in cuts
            if _between(look, [cut], -HOUR_MS // 6, HOUR_MS // 6)
        ],
    }


def _between(driver: Happening, others: Sequence[Happening], low_ms: int, high_ms: int) -> int:
    """How many of `others`, of the same home, lie from `low_ms` to `high_ms` after the driver, both included."""
    return sum(
        1 for item in others if item.home == driver.home and low_ms <= item.at_ms - driver.at_ms <= high_ms
    )


def _row(item: Happening, *more: object) -> tuple[object, ...]:
    return (item.home, moment(item.at_ms), item.partition, item.offset, *more)


def _view(name: str, sql: str) -> Model:
    return model(name, VIEW.replace('"day"', '"event_time"'), sql)


def _header(name: str, driver: str, identity: str = "") -> str:
    return (
        f'kind = "recompute"\nfamily = "{FAMILY}"\nkey = ["property_id"]\ndriver = "{driver}"\ntime = "event_time"\n'
        f'day_of = "event_time"\nidentity = ["topic_id", "kafka_partition", "kafka_offset"{identity}]\n{_BOUNDS[name]}'
    )


def _count(name: str, driver: str, other: str, from_: str, to: str, having: str = "") -> Model:
    """For each row of `driver` the rows of `other` with an event time `from_` and `to`."""
    columns = ", ".join(f"d.{column}" for column in ("property_id", "event_time", *_PLACE.split(", ")))
    sql = (
        f"select {columns}, count(o.kafka_offset) as found from {driver} as d left join {other} as o "
        f"on d.property_id = o.property_id and o.event_time {from_} and o.event_time {to} group by {columns} {having}"
    )
    return model(name, _header(name, driver), sql)


def _pairs() -> Model:
    """Each view with each price cut at most 10 minutes before or after it."""
    return model(
        "pairs",
        _header("pairs", "looks", ', "cut_partition", "cut_offset"'),
        "select looks.property_id, looks.event_time, looks.topic_id, looks.topic_epoch, looks.kafka_partition, "
        "looks.kafka_offset, cuts.kafka_partition as cut_partition, cuts.kafka_offset as cut_offset "
        "from looks inner join cuts on looks.property_id = cuts.property_id "
        "and cuts.event_time >= looks.event_time - interval 10 minutes "
        "and cuts.event_time <= looks.event_time + interval 10 minutes",
    )
