"""Short ways to write a log by hand: moments are ISO texts in UTC, what no test asks for is filled in."""

from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.log import MARKET_DATA, PRICE_CHANGES, Event, Idle


def price_change(
    offset: int,
    changed_at: str,
    old: int,
    new: int,
    *,
    partition: int = 0,
    zip_code: str = "78701",
    state: str = "TX",
) -> Event:
    """A price change, sent when it happened."""
    at_ms = milliseconds(changed_at)
    value: dict[str, object] = {
        "propertyId": f"home-{zip_code}",
        "zipCode": zip_code,
        "stateCode": state,
        "oldPrice": old,
        "newPrice": new,
        "changedAt": at_ms,
    }
    return Event(PRICE_CHANGES, partition, offset, at_ms, value)


def report(
    offset: int,
    reported_at: str,
    region: str,
    month: tuple[int, int],
    median: int | None,
    *,
    sales: int | None,
    partition: int = 0,
    inventory: float | None = None,
) -> Event:
    """The figures of a region and (year, month), sent when they were reported."""
    at_ms = milliseconds(reported_at)
    value: dict[str, object] = {
        "region": region,
        "stateCode": "TX",
        "year": month[0],
        "month": month[1],
        "sales": sales,
        "volume": None if sales is None or median is None else sales * median,
        "medianPrice": median,
        "listings": None,
        "inventoryMonths": inventory,
        "reportedAt": at_ms,
    }
    return Event(MARKET_DATA, partition, offset, at_ms, value)


def idle(at_offset: int, stream_time: str, *, partition: int = 0, topic: str = PRICE_CHANGES) -> Idle:
    """An idle entry of a partition."""
    return Idle(topic, partition, at_offset, milliseconds(stream_time))
