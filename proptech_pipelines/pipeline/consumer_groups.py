"""Positions as committed group offsets, for lag tools alone: nothing is ever read from there."""

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.settings import Settings

EVENT_LOG = "event_log"


def group_of(consumer: str) -> str:
    """The consumer group that stands for the log or a family."""
    return f"proptech.{consumer}"


class ShownPositions:
    """Commits the offsets of the log and of each family under their groups; of what came since the last time alone."""

    def __init__(self, settings: Settings, con: Connection) -> None:
        self._settings = settings
        self._con = con
        self._shown: dict[str, int] = {}

    def show(self, graph: Graph) -> None:
        """Bring the groups up to date.

        Raises ServiceError if Kafka does not say which topics there are; a refused commit is passed over.
        """
        cluster = Cluster(self._settings)
        found = cluster.topics(topic.name for topic in INPUT_TOPICS).values()
        ids = {item.name: item.topic_id for item in found}
        reached: dict[str, int] = dict(
            self._con.execute(
                "select writer, max(coalesce(input_commit, commit_number)) from ledger group by writer"
            ).fetchall()
        )
        for writer in (INGEST, *graph.families):
            part = Slice(self._shown.get(writer, 0), reached.get(writer, 0))
            if part.low >= part.high:
                continue
            consumed = ids if writer == INGEST else graph.topics_of(writer)
            own = {name: topic_id for name, topic_id in ids.items() if name in consumed}
            group = group_of(EVENT_LOG if writer == INGEST else writer)
            cluster.commit_for_lag_tools(group, self._offsets(own, part))
            self._shown[writer] = part.high

    def _offsets(self, ids: dict[str, str], part: Slice) -> dict[tuple[str, int], int]:
        """Next offset by topic name and partition, of the incarnations in `ids`, of what `part` moved."""
        rows = self._con.execute(
            "select topic, topic_id, kafka_partition, max(end_offset) from log_ranges "
            f"where {part.where()} group by all"
        ).fetchall()
        return {
            (topic, number): int(end) for topic, topic_id, number, end in rows if ids.get(topic) == topic_id
        }
