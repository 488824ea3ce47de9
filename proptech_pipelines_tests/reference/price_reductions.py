"""What the reference needs of reductions: price changes to a lower price. No table of its own."""

from proptech_pipelines_tests.reference.arithmetic import change_ppb, moment
from proptech_pipelines_tests.reference.log import PRICE_CHANGES, Log, Row
from proptech_pipelines_tests.reference.staging import Staged, staged

VIEWS = "property-views"


def reductions(log: Log) -> list[Staged]:
    """The price changes that lower a price."""
    return [
        row
        for row in staged(log)
        if row.topic == PRICE_CHANGES and row.integer("newPrice") < row.integer("oldPrice")
    ]


def views(log: Log) -> list[Staged]:
    """The views of properties."""
    return [row for row in staged(log) if row.topic == VIEWS]


def is_of_same_property(one: Staged, other: Staged) -> bool:
    """Whether both are about one property."""
    return one.text("propertyId") == other.text("propertyId")


def prices(cut: Staged) -> Row:
    """The columns that every table has of a reduction, without its coordinates."""
    old, new = cut.integer("oldPrice"), cut.integer("newPrice")
    return {
        "property_id": cut.text("propertyId"),
        "zip_code": cut.text("zipCode"),
        "state_code": cut.text("stateCode"),
        "old_price": old,
        "new_price": new,
        "change_ppb": change_ppb(old, new),
        "event_time": moment(cut.event_time_ms),
    }
