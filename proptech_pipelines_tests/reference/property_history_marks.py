"""`property_history_marks`: steps that cannot be as told, or tell too little."""

from collections.abc import Iterator

from proptech_pipelines_tests.reference.arithmetic import moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.property_days import is_asking, is_status, last
from proptech_pipelines_tests.reference.property_history import steps
from proptech_pipelines_tests.reference.staging import Staged


def rows(log: Log) -> list[Row]:
    """One row for each mark of each step; a step is judged by those of its property that come before it."""
    before: dict[str, list[Staged]] = {}
    found: list[Row] = []
    for step in steps(log):
        past = before.setdefault(step.text("propertyId"), [])
        found += [_row(step, past, mark) for mark in _marks(step, past)]
        past.append(step)
    return found


def _marks(step: Staged, past: list[Staged]) -> Iterator[str]:
    kind, price = step.text("eventType"), step.integer_or_none("price")
    status, asked = _status(past), _asked(past)
    if kind == "UNKNOWN":
        yield "unknown_step"
        return
    if kind != "LISTED":
        if all(other.text("eventType") != "LISTED" for other in past):
            yield "never_listed"
        if status in {"SOLD", "WITHDRAWN"}:
            yield "after_end"
    if kind in {"LISTED", "PENDING"} and kind == status:
        yield "repeated"
    if kind == "PRICE_REDUCED" and price is not None and asked is not None and price >= asked:
        yield "raised" if price > asked else "not_reduced"
    if kind in {"LISTED", "PRICE_REDUCED", "SOLD"} and price is None:
        yield "price_missing"


def _row(step: Staged, past: list[Staged], mark: str) -> Row:
    return {
        "property_id": step.text("propertyId"),
        "event_time": moment(step.event_time_ms),
        "event_type": step.text("eventType"),
        "price": step.integer_or_none("price"),
        "previous_status": _status(past),
        "previous_price": _asked(past),
        "mark": mark,
        "kafka_partition": step.partition,
        "kafka_offset": step.offset,
    }


def _status(past: list[Staged]) -> str | None:
    step = last(past, is_status)
    return None if step is None else step.text("eventType")


def _asked(past: list[Staged]) -> int | None:
    step = last(past, is_asking)
    return None if step is None else step.integer_or_none("price")
