"""Wire values of the topics' records: whole and valid, with any field changed."""

import io
import json
import struct
from functools import cache

import fastavro
import numpy as np

from proptech_pipelines.contracts.decode import DecodedBatch, decode_records
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.topics import schema_text, topic
from proptech_pipelines.contracts.wire import frame

NOW = 1_700_000_000_000
DAY = 86_400_000
SCHEMA_ID = 7
LIMITS = Limits(max_ahead_ms=DAY, max_string_bytes=32_768)
VALID = {
    "neighborhood-data": {
        "zipCode": "95814",
        "stateCode": "CA",
        "name": "Downtown",
        "county": None,
        "medianPrice": 5,
        "walkScore": 90,
        "schoolRating": None,
        "updatedAt": NOW,
    },
    "user-profiles": {
        "userId": "u",
        "preferredZipCodes": ["95814", "00501"],
        "minPrice": None,
        "maxPrice": 500_000,
        "minBedrooms": 2,
        "stateCode": None,
        "updatedAt": NOW,
    },
    "property-listings": {
        "propertyId": "p",
        "price": 500_000,
        "bedrooms": 3,
        "bathrooms": 1.5,
        "squareFootage": None,
        "energyRating": "B",
        "zipCode": "95814",
        "stateCode": "CA",
        "city": None,
        "propertyType": None,
        "latitude": 38.5,
        "longitude": -121.5,
        "listedAt": NOW,
    },
    "property-price-changes": {
        "propertyId": "p",
        "zipCode": "95814",
        "stateCode": "CA",
        "oldPrice": 520_000,
        "newPrice": 500_000,
        "changedAt": NOW,
    },
    "property-views": {
        "userId": "u",
        "propertyId": "p",
        "zipCode": None,
        "stateCode": None,
        "device": "IOS",
        "saved": True,
        "durationSeconds": 3,
        "viewedAt": NOW,
    },
    "property-events": {
        "propertyId": "p",
        "eventType": "SOLD",
        "price": 500_000,
        "zipCode": None,
        "stateCode": None,
        "occurredAt": NOW,
    },
    "property-updates": {
        "propertyId": "p",
        "attribute": "a",
        "oldValue": None,
        "newValue": "x",
        "zipCode": None,
        "stateCode": None,
        "updatedAt": NOW,
    },
    "user-interactions": {
        "userId": "u",
        "interactionType": "SAVE",
        "propertyId": None,
        "zipCode": None,
        "stateCode": None,
        "occurredAt": NOW,
    },
    "market-data": {
        "region": "Abilene",
        "stateCode": "TX",
        "year": 2000,
        "month": 1,
        "sales": 72,
        "volume": 5_380_000,
        "medianPrice": 71_400,
        "listings": 701,
        "inventoryMonths": 6.3,
        "reportedAt": NOW,
    },
}
"""A record of each topic that breaks no rule."""


@cache
def _parsed(text: str) -> dict:
    schema = json.loads(text)
    for item in schema["fields"]:
        branches = item["type"] if isinstance(item["type"], list) else [item["type"]]
        for branch in branches:
            if isinstance(branch, dict):
                branch.pop("logicalType", None)
    return fastavro.parse_schema(schema)


def value_of(
    topic_name: str, text: str | None = None, schema_id: int = SCHEMA_ID, **changes: object
) -> bytes:
    """The wire value of the topic's valid record with `changes`, written with `text` (default: its schema)."""
    out = io.BytesIO()
    out.write(struct.pack(">bI", 0, schema_id))
    fastavro.schemaless_writer(
        out, _parsed(text or schema_text(topic_name)), {**VALID[topic_name], **changes}
    )
    return out.getvalue()


def decode(
    topic_name, values, headers=None, *, kafka_timestamp_ms=NOW, schemas=None, limits=LIMITS
) -> DecodedBatch:
    """Decode wire values of a topic, by default with its own schema under SCHEMA_ID."""
    return decode_records(
        topic(topic_name),
        frame(values, headers or [None] * len(values)),
        np.full(len(values), kafka_timestamp_ms, np.int64),
        schemas if schemas is not None else {SCHEMA_ID: schema_text(topic_name)},
        limits,
    )


def reasons(batch: DecodedBatch) -> list[tuple[int, str]]:
    """Index and reason of each dead letter."""
    return [(bad.index, bad.reason.value) for bad in batch.bad]
