"""From rows to Kafka values: one function a topic, each giving the Avro fields as columns.

Keys are those of the topics' contract: zip code, property id, user id or region.
"""

from collections.abc import Callable, Mapping

import numpy as np

from proptech_pipelines.contracts.encoding import (
    Column,
    Ints,
    beside,
    booleans,
    constant,
    integers,
    nullable,
    records,
    strings,
    table,
)
from proptech_pipelines.contracts.topics import schema_fields
from proptech_pipelines.simulator.actions import Rows
from proptech_pipelines.simulator.recorded import STATES
from proptech_pipelines.simulator.tables import Tables

_RATINGS = ("A", "B", "C", "D", "E", "F", "G")


def columns_of(tables: Tables, rows: Rows, times_ms: Ints) -> Mapping[str, Column]:
    """The Avro fields of `rows` as columns; `times_ms` are their event times."""
    return _BY_TOPIC[rows.topic](tables, rows, integers(times_ms))


def values_of(rows: Rows, prefix: bytes, columns: Mapping[str, Column]) -> list[bytes | None]:
    """The Kafka values of `rows`: prefix and Avro datum, or a tombstone where the row says `gone`."""
    values: list[bytes | None] = [*records(schema_fields(rows.topic), prefix, columns)]
    for number in np.flatnonzero(rows.data.get("gone", np.empty(0))).tolist():
        values[number] = None
    return values


def keys_of(tables: Tables, rows: Rows) -> list[bytes]:
    """The Kafka keys of `rows`."""
    kind, column = _KEYS[rows.topic]
    if kind == "property":
        return tables.property_keys(rows.data[column])
    number = rows.data[column]
    if column == "sale":
        number = tables.homes_of_sales(number)
    return tables.keys[kind][number].tolist()


def states_of(tables: Tables, rows: Rows) -> Ints:
    """The number of the state by which each row is routed."""
    if rows.topic == "market-data":
        return np.full(len(rows.order), STATES.index("TX"))
    if "place" in rows.data:
        return tables.place_states[rows.data["place"]]
    return (rows.data["sale"] if "sale" in rows.data else rows.data["user"]) % 2


def _price_change(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:
    home = tables.homes_of_sales(rows.data["sale"])
    return {
        "propertyId": tables.property_ids(rows.data["sale"]),
        "zipCode": tables.home_zip_codes.take(home),
        "stateCode": tables.home_states.take(home),
        "oldPrice": integers(rows.data["old"]),
        "newPrice": integers(rows.data["new"]),
        "changedAt": time,
    }


def _listing(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:
    """Homes whose energy rating comes in updates are listed without one; the others keep theirs."""
    home = tables.homes_of_sales(rows.data["sale"])
    return {
        "propertyId": tables.property_ids(rows.data["sale"]),
        **{name: column.take(home) for name, column in tables.listing.items()},
        "energyRating": nullable(strings(_RATINGS).take(home % len(_RATINGS)), home % 2 == 0),
        "listedAt": time,
    }


def _event(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:
    home = tables.homes_of_sales(rows.data["sale"])
    return {
        "propertyId": tables.property_ids(rows.data["sale"]),
        "eventType": integers(rows.data["step"]),
        "price": integers(rows.data["price"]),
        "zipCode": tables.home_zip_codes.take(home),
        "stateCode": tables.home_states.take(home),
        "occurredAt": time,
    }


def _view(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:
    home = tables.homes_of_sales(rows.data["sale"])
    seconds = 5 + np.floor(rows.draws[3] * rows.draws[3] * 600).astype(np.int64)
    return {
        "userId": tables.users.take(rows.data["user"]),
        "propertyId": tables.property_ids(rows.data["sale"]),
        "zipCode": tables.home_zip_codes.take(home),
        "stateCode": tables.home_states.take(home),
        "device": integers(np.searchsorted([0.02, 0.5, 0.78], rows.draws[2], side="right")),
        "saved": booleans((home * 31 + rows.data["user"]) % 17 == 0),
        "durationSeconds": nullable(integers(seconds), rows.draws[4] < 0.9),
        "viewedAt": time,
    }


def _interaction(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:
    home = tables.homes_of_sales(rows.data["sale"])
    kind = np.searchsorted([0.0, 0.4, 0.45, 0.75, 0.9], rows.draws[2], side="right")
    return {
        "userId": tables.users.take(rows.data["user"]),
        "interactionType": integers(kind),
        "propertyId": nullable(
            tables.property_ids(rows.data["sale"]), kind != 3
        ),  # a search names no property
        "zipCode": tables.home_zip_codes.take(home),
        "stateCode": tables.home_states.take(home),
        "occurredAt": time,
    }


def _update(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:
    """Every other home's area is corrected again and again, the others' energy rating."""
    home = tables.homes_of_sales(rows.data["sale"])
    version = rows.data["version"]
    rated = home % 2 == 1
    letters = strings(_RATINGS)
    texts = []
    for at in (version, version + 1):
        area = strings([str(area) for area in (tables.areas[home] + at % 25 * 10).tolist()])
        texts.append(beside(area.only(~rated), letters.take((at + home) % len(_RATINGS)).only(rated)))
    return {
        "propertyId": tables.property_ids(rows.data["sale"]),
        "attribute": strings(["squareFootage", "energyRating"]).take(rated.astype(np.int64)),
        "oldValue": nullable(texts[0], ~rated | (version > 0)),
        "newValue": texts[1],
        "zipCode": tables.home_zip_codes.take(home),
        "stateCode": tables.home_states.take(home),
        "updatedAt": time,
    }


def _profile(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:
    state, count = rows.data["user"] % 2, len(rows.order)
    budget = 80_000 + np.floor(rows.draws[2] * rows.draws[2] * 92).astype(np.int64) * 10_000
    wanted = 1 + np.floor(rows.draws[3] * np.where(state == 0, 3, 2)).astype(np.int64)
    zip_codes = [table([b"\2", b"\4", b"\6"]).take(wanted - 1)]  # the block's count, then the items
    for item in range(3):
        places = [
            mine[(np.floor(rows.draws[4] * len(mine)).astype(np.int64) + item) % len(mine)]
            for mine in tables.places_of_states
        ]
        zip_codes.append(tables.zip_codes.take(np.where(state == 0, *places)).only(wanted > item))
    return {
        "userId": tables.users.take(rows.data["user"]),
        "preferredZipCodes": beside(*zip_codes, constant(b"\0", count)),
        "minPrice": nullable(integers(budget // 2), rows.draws[1] < 0.6),
        "maxPrice": integers(budget),
        "minBedrooms": integers(np.floor(rows.draws[0] * 5).astype(np.int64)),
        "stateCode": tables.state_codes.take(state),
        "updatedAt": time,
    }


def _neighborhood(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:
    fixed = {name: column.take(rows.data["place"]) for name, column in tables.neighborhood.items()}
    walk = np.minimum(100, 20 + rows.data["place"] + np.floor(rows.draws[2] * 12).astype(np.int64))
    school = 1 + rows.data["place"] * 7 % 9 + (rows.draws[3] < 0.5)
    return {
        **fixed,
        "walkScore": nullable(integers(walk), rows.draws[4] < 0.95),
        "schoolRating": integers(school),
        "updatedAt": time,
    }


def _market(tables: Tables, rows: Rows, time: Column) -> Mapping[str, Column]:  # their time is their own
    return {name: column.take(rows.data["row"]) for name, column in tables.market.items()}


_BY_TOPIC: Mapping[str, Callable[[Tables, Rows, Column], Mapping[str, Column]]] = {
    "property-price-changes": _price_change,
    "property-listings": _listing,
    "property-events": _event,
    "property-views": _view,
    "user-interactions": _interaction,
    "property-updates": _update,
    "user-profiles": _profile,
    "neighborhood-data": _neighborhood,
    "market-data": _market,
}
_KEYS = {
    "property-price-changes": ("property", "sale"),
    "property-listings": ("home zip", "sale"),
    "property-events": ("property", "sale"),
    "property-views": ("user", "user"),
    "user-interactions": ("user", "user"),
    "property-updates": ("property", "sale"),
    "user-profiles": ("user", "user"),
    "neighborhood-data": ("place", "place"),
    "market-data": ("market", "row"),
}
