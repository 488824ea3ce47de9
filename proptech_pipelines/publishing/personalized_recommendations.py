"""Rows of table personalized_recommendations as messages of its topic: each pair once, when it is decided."""

from collections.abc import Iterator

from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_tables
from proptech_pipelines.publishing.outbox import Outbox, loud
from proptech_pipelines.publishing.rows import Prefix, messages, with_ids

TOPIC = "personalized-recommendations"
FAMILY = "personalized_recommendations"
TABLE = "personalized_recommendations"
_DECIDED = """
    select pair_id, user_id as userId, epoch_ms(recommended_at) as recommendedAt,
        viewed_property_id as viewedPropertyId, viewed_score as viewedScore, viewed_reason as viewedReason,
        [{{
            'place': home.place, 'propertyId': home.property_id, 'zipCode': home.zip_code, 'price': home.price,
            'bedrooms': home.bedrooms, 'score': home.score, 'reason': home.reason
        }} for home in recommendations] as recommendations,
        state_code as stateCode, epoch_ms(viewed_at) as viewedAt, epoch_ms(profile_updated_at) as profileUpdatedAt
    from {table}
    where {loud}
    order by recommended_at, pair_id"""


def personalized_recommendations_outbox(prefix: Prefix) -> Outbox:
    """The outbox of pairs that are decided. A pair's name holds the coordinates of its view and its profile."""

    def read(con: Connection, low: int, high: int) -> Iterator[Message]:
        (table,) = live_tables(con, TABLE)
        sql = _DECIDED.format(table=table, loud=loud(FAMILY, low, high))
        rows = con.execute(sql).to_arrow_table()
        rows = with_ids(rows, "recommendationId", TABLE, ("pair_id",))
        return messages(TOPIC, rows.drop_columns("pair_id"), prefix, "userId")

    return Outbox(TOPIC, FAMILY, TOPIC, read)
