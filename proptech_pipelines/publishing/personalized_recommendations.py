"""Rows of table personalized_recommendations as messages of its topic: each pair once, when it is decided."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from proptech_pipelines.contracts.topics import OUTPUT_TOPICS
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_table
from proptech_pipelines.publishing.outbox import Outbox

TOPIC = "personalized-recommendations"
FAMILY = "personalized_recommendations"
TABLE = "personalized_recommendations"
FIELDS = {
    "user_id": "userId",
    "recommended_at": "recommendedAt",
    "viewed_property_id": "viewedPropertyId",
    "viewed_score": "viewedScore",
    "viewed_reason": "viewedReason",
    "state_code": "stateCode",
    "viewed_at": "viewedAt",
    "profile_updated_at": "profileUpdatedAt",
}
"""Columns, and their fields in a message."""
HOME_FIELDS = {
    "place": "place",
    "property_id": "propertyId",
    "zip_code": "zipCode",
    "price": "price",
    "bedrooms": "bedrooms",
    "score": "score",
    "reason": "reason",
}
"""The same of each recommended home."""
# Days that were derived again are left out: a backfill publishes nothing.
_DECIDED = """
    select pair_id, recommendations, {columns}
    from {table}
    where commit_number > {low} and commit_number <= {high} and commit_number not in (
        select commit_number from ledger where writer = '{family}' and is_quiet
    )
    order by recommended_at, pair_id"""


def personalized_recommendations_outbox(serialize: Callable[[dict[str, Any]], bytes]) -> Outbox:
    """The outbox; `serialize` makes the wire format's value of a PersonalizedRecommendation."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        sql = _DECIDED.format(
            columns=", ".join(FIELDS), table=live_table(con, TABLE), family=FAMILY, low=low, high=high
        )
        for row in con.execute(sql).fetchall():
            value = recommendation_of(row)
            key = value["userId"].encode()
            partition = partition_of(value["stateCode"], key, OUTPUT_TOPICS[TOPIC])
            yield Message(TOPIC, key, serialize(value), partition=partition)

    return Outbox(TOPIC, FAMILY, TOPIC, read)


def recommendation_of(row: tuple[Any, ...]) -> dict[str, Any]:
    """The PersonalizedRecommendation of (pair id, recommended homes, then each of `FIELDS`)."""
    pair_id, homes, *values = row
    return {
        "recommendationId": recommendation_id(pair_id),
        **{field: _aware(value) for field, value in zip(FIELDS.values(), values, strict=True)},
        "recommendations": [{field: home[name] for name, field in HOME_FIELDS.items()} for home in homes],
    }


def recommendation_id(pair_id: str) -> str:
    """The id of one message: a hash of table and pair, which the coordinates of view and profile name; 32 digits."""
    return hashlib.sha256(json.dumps([TABLE, pair_id]).encode()).hexdigest()[:32]


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
