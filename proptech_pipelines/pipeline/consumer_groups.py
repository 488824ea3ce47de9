"""Positions as committed group offsets, for lag tools alone: nothing is ever read from there."""

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.advance import family_position
from proptech_pipelines.settings import Settings

EVENT_LOG = "event_log"


def group_of(consumer: str) -> str:
    """The consumer group that stands for the log or a family."""
    return f"proptech.{consumer}"


def show_positions(settings: Settings, con: Connection, graph: Graph) -> None:
    """Commit the offsets of the log and of each family under their groups.

    Raises ServiceError if Kafka does not say which topics there are; a refused commit is passed over.
    """
    cluster = Cluster(settings)
    ids = {item.name: item.topic_id for item in cluster.topics(topic.name for topic in INPUT_TOPICS).values()}
    cluster.commit_for_lag_tools(group_of(EVENT_LOG), _offsets(con, ids, "true"))
    for family in graph.families:
        consumed = {model.topic for model in graph.staging_of(family)}
        own = {name: topic_id for name, topic_id in ids.items() if name in consumed}
        reached = family_position(con, family).input_commit
        cluster.commit_for_lag_tools(group_of(family), _offsets(con, own, f"commit_number <= {reached}"))


def _offsets(con: Connection, ids: dict[str, str], condition: str) -> dict[tuple[str, int], int]:
    """Next offset by topic name and partition, of the incarnations in `ids`."""
    rows = con.execute(
        f"select topic, topic_id, kafka_partition, max(end_offset) from log_ranges where {condition} group by all"
    ).fetchall()
    return {(topic, number): int(end) for topic, topic_id, number, end in rows if ids.get(topic) == topic_id}
