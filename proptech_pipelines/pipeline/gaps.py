"""Accepting a gap: records that retention took before they were read are put on record as lost."""

from contextlib import closing

from proptech_pipelines.clock import SystemClock
from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.ingest import Ingest
from proptech_pipelines.settings import Settings


def accept_gap(settings: Settings, topic: str, partition: int) -> range:
    """Move the position of a partition to the first offset that the broker still has; the offsets that are lost.

    The range goes into log_ranges as a hole, and a `gap_accepted` entry into the control log. Raises SettingsError
    if there is no such partition or no gap.
    """
    cluster = Cluster(settings)
    topics = cluster.topics([topic])
    low = cluster.start_offsets(topics).get((topic, partition))
    if low is None:
        raise SettingsError(f"{topic}[{partition}] does not exist.", "see `proptech status` for the topics.")
    with open_lake(settings) as con, closing(Registry(settings.schema_registry_url)) as registry:
        ingest = Ingest(con, registry.schema, Limits.of(settings), SystemClock())
        state = ingest.load().partitions.get((topics[topic].topic_id, partition))
        position = state.next_offset if state else 0
        if position >= low:
            raise SettingsError(
                f"{topic}[{partition}] begins at offset {low}, we read on from {position}: there is no gap.",
                "nothing; the stream goes on by itself.",
            )
        lost = Fetched(topic, topics[topic].topic_id, partition, position, low)
        entry = ControlEntry("gap_accepted", topic, lost.topic_id, partition, position)
        ingest.take([lost], [entry], cluster.cluster_id())
    return range(position, low)
