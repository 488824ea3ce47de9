"""What waits in the topics beyond the log's positions. Reads metadata alone: no record, no commit."""

from dataclasses import dataclass

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.errors import LakeMissing
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.lake.kept import read_kept
from proptech_pipelines.lake.lease import STREAM, Leases
from proptech_pipelines.lake.positions import Positions, read_positions
from proptech_pipelines.settings import Settings


@dataclass(frozen=True)
class PartitionLag:
    """The waiting range [start_offset, end_offset) of a partition."""

    topic: str
    partition: int
    start_offset: int
    end_offset: int

    @property
    def records(self) -> int:
        """Offsets that wait; holes count."""
        return max(0, self.end_offset - self.start_offset)


@dataclass(frozen=True)
class Lag:
    """All partitions that exist, and whether a stream run holds the lease."""

    partitions: tuple[PartitionLag, ...]
    is_streaming: bool

    @property
    def records(self) -> int:
        """Offsets that wait in all partitions."""
        return sum(item.records for item in self.partitions)

    def by_topic(self) -> dict[str, int]:
        """Offsets that wait, by topic."""
        found: dict[str, int] = {}
        for item in self.partitions:
            found[item.topic] = found.get(item.topic, 0) + item.records
        return found


def _positions(settings: Settings) -> Positions:
    try:
        return read_kept(settings, read_positions)
    except LakeMissing:
        return Positions(0, 0, {})


def read_lag(settings: Settings) -> Lag:
    """Compare the topics' ends with the log's positions. Raises ServiceError if Kafka or the lake is not there."""
    positions = _positions(settings)
    with Leases(settings) as leases:
        is_streaming = leases.is_held(STREAM)
    return Lag(partition_lags(settings, positions), is_streaming)


def partition_lags(settings: Settings, positions: Positions) -> tuple[PartitionLag, ...]:
    """Every partition that exists, compared with `positions`. Raises ServiceError if Kafka does not answer."""
    cluster = Cluster(settings)
    topics = cluster.topics(item.name for item in INPUT_TOPICS)
    found: list[PartitionLag] = []
    for (name, number), end in sorted(cluster.end_offsets(topics).items()):
        state = positions.partitions.get((topics[name].topic_id, number))
        found.append(PartitionLag(name, number, state.next_offset if state else 0, end))
    return tuple(found)
