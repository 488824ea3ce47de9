"""Decides at what stream time partitions begin, and when silent ones no longer hold back what is final.

Pure: the clock's reading is passed in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.positions import Partition, PartitionState

QUIET_TOPIC_FACTOR = 10
"""A topic that is quiet as a whole is raised so many times less often: its stream time only follows the clock."""


@dataclass
class IdleWatch:
    """Remembers when partitions last moved, by the clock of this process, and says which are idle.

    A restart forgets: a partition is then watched for `idle_timeout_ms` anew, which costs finality only time.
    A partition to which no record was ever sent is idle from the start.
    """

    idle_timeout_ms: int
    max_ahead_ms: int
    _moved_ms: dict[Partition, int] = field(default_factory=dict[Partition, int])
    _raised_ms: dict[Partition, int] = field(default_factory=dict[Partition, int])

    def moved(self, partitions: Iterable[Partition], now_ms: int) -> None:
        """Note that records of `partitions` were taken in."""
        for partition in partitions:
            self._moved_ms[partition] = now_ms

    def rest_no_longer(self) -> None:
        """Let the next `entries` raise what was raised a moment ago, too: no later call will."""
        self._raised_ms.clear()

    def any_silent(self, states: Iterable[PartitionState], now_ms: int) -> bool:
        """Whether any partition was silent for the timeout: only then is it worth asking for end offsets."""
        return any(self._is_silent(state, now_ms) for state in states)

    def entries(
        self, states: Iterable[PartitionState], end_offsets: Mapping[tuple[str, int], int], now_ms: int
    ) -> list[ControlEntry]:
        """The `partition_idle` entries that are due.

        `states` are those of the newest incarnation of each topic. A partition with records not yet taken in
        (its next offset below its end) is behind, not idle.
        """
        by_topic: dict[str, list[PartitionState]] = {}
        for state in states:
            by_topic.setdefault(state.topic, []).append(state)
        due: list[ControlEntry] = []
        for group in by_topic.values():
            due += self._topic_entries(group, end_offsets, now_ms)
        return due

    def _topic_entries(
        self, group: list[PartitionState], end_offsets: Mapping[tuple[str, int], int], now_ms: int
    ) -> list[ControlEntry]:
        silent = [state for state in group if self._is_silent(state, now_ms)]
        moving = [state for state in group if state not in silent]
        known = [state.stream_time_ms for state in moving if state.stream_time_ms is not None]
        timeout_ms = self.idle_timeout_ms
        if known:
            target = min(known)
        elif not moving and any(state.stream_time_ms is not None for state in group):
            target, timeout_ms = now_ms - self.max_ahead_ms, self.idle_timeout_ms * QUIET_TOPIC_FACTOR
        else:
            return []
        found: list[ControlEntry] = []
        for state in silent:
            partition = (state.topic_id, state.partition)
            behind = state.next_offset < end_offsets.get((state.topic, state.partition), 0)
            rested = now_ms - self._raised_ms.get(partition, 0) >= timeout_ms
            if not behind and rested and (state.stream_time_ms is None or state.stream_time_ms < target):
                self._raised_ms[partition] = now_ms
                found.append(
                    ControlEntry(
                        "partition_idle",
                        state.topic,
                        state.topic_id,
                        state.partition,
                        state.next_offset,
                        target,
                    )
                )
        return found

    def _is_silent(self, state: PartitionState, now_ms: int) -> bool:
        moved_ms = self._moved_ms.setdefault((state.topic_id, state.partition), now_ms)
        return state.is_unused or now_ms - moved_ms >= self.idle_timeout_ms


def entry_on_joining(part: Fetched, states: Iterable[PartitionState]) -> ControlEntry | None:
    """The `partition_idle` entry with which a partition that the log does not know begins; `states` are those it knows.

    One that is added to a topic begins where all others of the topic have been: what is final stays final, whatever
    is sent there. With a topic that is new, or made again, time begins anew.
    """
    times = [state.stream_time_ms for state in states if state.topic_id == part.topic_id]
    known = [time_ms for time_ms in times if time_ms is not None]
    if not known or len(known) < len(times):
        return None
    return ControlEntry(
        "partition_idle", part.topic, part.topic_id, part.partition, part.start_offset, min(known)
    )
