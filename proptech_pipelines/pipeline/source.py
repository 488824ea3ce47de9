"""The broker's side of the ingest: fetches what follows the positions, and knows when a topic is another one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.errors import OffsetGap, OffsetRegression
from proptech_pipelines.kafka.cluster import Cluster, TopicState
from proptech_pipelines.kafka.consumer import RangeConsumer
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.positions import Partition, Positions
from proptech_pipelines.settings import Settings


@dataclass
class Source:
    """Reads all input topics that exist. `refresh` sees new topics, partitions and incarnations."""

    cluster: Cluster
    consumer: RangeConsumer
    cluster_id: str = ""
    topics: dict[str, TopicState] = field(default_factory=dict[str, TopicState])
    _assigned: bool = False
    _first: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Connect. Raises ServiceError if Kafka does not answer."""
        cluster = Cluster(settings)
        return cls(cluster, RangeConsumer(settings), cluster.cluster_id())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.consumer.__exit__(kind, error, trace)

    def refresh(self, positions: Positions, *, rewind: bool = False) -> list[Fetched]:
        """Look at the topics again and read from `positions` if any changed, or if asked to `rewind`.

        Returns an empty range for each partition that the log does not know, so that it is on record.
        """
        found = self.cluster.topics(item.name for item in INPUT_TOPICS)
        if rewind or not self._assigned or found != self.topics:
            first = self._first_offsets(found, positions)  # may fail: nothing is known of `found` then
            self.topics, self._first, self._assigned = found, first, True
            self.consumer.assign(found, self.next_offsets(positions))
        return [
            Fetched(name, topic_id, number, self._first[name, number], self._first[name, number])
            for name, number, topic_id in self._partitions()
            if (topic_id, number) not in positions.partitions
        ]

    def fetch(self, max_records: int, wait_seconds: float) -> list[Fetched] | None:
        """The next records, or None if a topic among them was made again meanwhile: refresh and fetch anew.

        Ids are compared after the fetch; an id never comes back, so equal ids mean that all records are of it.
        """
        try:
            fetched = self.consumer.fetch(max_records, wait_seconds)
        except (OffsetGap, OffsetRegression):
            # A topic that was made again may well be shorter than what was read of the former one.
            if self._is_current(self.topics):
                raise
            return None
        return fetched if self._is_current({part.topic for part in fetched}) else None

    def _is_current(self, names: Collection[str]) -> bool:
        """Whether the topics of these `names` are still those that are read."""
        now = self.cluster.topics(names) if names else {}
        return all(name in now and now[name].topic_id == self.topics[name].topic_id for name in names)

    def end_offsets(self) -> dict[tuple[str, int], int]:
        """Next offset of every partition by topic name and number, as a read_committed reader sees it."""
        return self.cluster.end_offsets(self.topics)

    def ends(self) -> dict[Partition, int]:
        """The same by topic id and number."""
        return {
            (self.topics[name].topic_id, number): end for (name, number), end in self.end_offsets().items()
        }

    def has_reached(self, positions: Positions, ends: Mapping[Partition, int]) -> bool:
        """Whether `positions` are at or beyond all of `ends`; of a topic that is gone or made again none will be."""
        offsets = self.next_offsets(positions)
        return all(
            offsets[name, number] >= ends.get((topic_id, number), 0)
            for name, number, topic_id in self._partitions()
        )

    def next_offsets(self, positions: Positions) -> dict[tuple[str, int], int]:
        """Where to read on, by topic name and partition; for what the log does not know, its beginning."""
        found: dict[tuple[str, int], int] = {}
        for name, number, topic_id in self._partitions():
            state = positions.partitions.get((topic_id, number))
            found[name, number] = state.next_offset if state else self._first.get((name, number), 0)
        return found

    def _first_offsets(
        self, topics: Mapping[str, TopicState], positions: Positions
    ) -> dict[tuple[str, int], int]:
        """Where partitions that the log does not know begin: retention may have taken records before we came."""
        unknown = {
            topic.name: topic
            for topic in topics.values()
            if any((topic.topic_id, number) not in positions.partitions for number in range(topic.partitions))
        }
        return self.cluster.start_offsets(unknown)

    def _partitions(self) -> list[tuple[str, int, str]]:
        return [
            (topic.name, number, topic.topic_id)
            for topic in self.topics.values()
            for number in range(topic.partitions)
        ]
