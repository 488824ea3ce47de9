"""`price_drop_notifications`: who watches a property when its price falls is told so, once a reduction."""

from proptech_pipelines_tests.reference.arithmetic import DAY_MS, moment
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.price_reductions import is_of_same_property, reductions, views
from proptech_pipelines_tests.reference.staging import Staged, staged

WATCHED_FOR_MS = 30 * DAY_MS


def rows(log: Log) -> list[Row]:
    """One row for each reduction and each user who watched the property at its moment, however and however often."""
    seen, saves = views(log), marks(log)
    return [
        _notification(cut, user, user in viewers, user in savers)
        for cut in reductions(log)
        for viewers, savers in [(_viewers(cut, seen), _savers(cut, saves))]
        for user in sorted(viewers | savers)
    ]


def marks(log: Log) -> list[Staged]:
    """Properties put on lists and taken off them, in the total order of records."""
    found = [
        row
        for row in staged(log)
        if row.topic == "user-interactions"
        and row.text("interactionType") in ("SAVE", "UNSAVE")
        and (row.value or {}).get("propertyId") is not None
    ]
    return sorted(found, key=lambda row: row.order)


def _viewers(cut: Staged, seen: list[Staged]) -> set[str]:
    """Users who looked at the property at most 30 days before, or at that very moment."""
    return {
        view.text("userId")
        for view in seen
        if is_of_same_property(view, cut)
        and cut.event_time_ms - WATCHED_FOR_MS <= view.event_time_ms <= cut.event_time_ms
    }


def _savers(cut: Staged, saves: list[Staged]) -> set[str]:
    """Users who had put the property on their list and not taken it off again by then."""
    last = {
        mark.text("userId"): mark.text("interactionType")
        for mark in saves
        if is_of_same_property(mark, cut) and mark.event_time_ms <= cut.event_time_ms
    }
    return {user for user, mark in last.items() if mark == "SAVE"}


def _notification(cut: Staged, user: str, is_viewer: bool, is_saver: bool) -> Row:
    old, new = cut.integer("oldPrice"), cut.integer("newPrice")
    return {
        "user_id": user,
        "property_id": cut.text("propertyId"),
        "zip_code": cut.text("zipCode"),
        "state_code": cut.text("stateCode"),
        "old_price": old,
        "new_price": new,
        "reduction": old - new,
        "watched_by": "both" if is_viewer and is_saver else "viewed" if is_viewer else "saved",
        "event_time": moment(cut.event_time_ms),
        "kafka_partition": cut.partition,
        "kafka_offset": cut.offset,
    }
