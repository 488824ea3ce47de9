"""Where the ingest stands: next offset, stream time and incarnation of every partition."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

Partition = tuple[str, int]
"""Topic id and partition number."""


@dataclass(frozen=True)
class PartitionState:
    """What the ledger knows of a partition. `stream_time_ms` is None before its first row or idle entry."""

    topic: str
    topic_id: str
    topic_epoch: int
    partition: int
    next_offset: int
    stream_time_ms: int | None

    @property
    def is_unused(self) -> bool:
        """Whether no record was ever sent there: neither taken in nor deleted by retention before."""
        return self.next_offset == 0


@dataclass(frozen=True)
class Positions:
    """The ingest's cut: its last commit number, the next control number, and every partition's state."""

    commit_number: int
    control_number: int
    partitions: Mapping[Partition, PartitionState]

    def epoch_of(self, topic: str, topic_id: str) -> int:
        """The incarnation of `topic` that `topic_id` is or, when it appears now, will be."""
        epochs = {
            state.topic_id: state.topic_epoch for state in self.partitions.values() if state.topic == topic
        }
        return epochs.get(topic_id) or max(epochs.values(), default=0) + 1

    def state_of(self, topic: str, topic_id: str, partition: int, first_offset: int) -> PartitionState:
        """The state of a partition; one that is not on record yet begins at `first_offset`, without a stream time."""
        return self.partitions.get((topic_id, partition)) or PartitionState(
            topic, topic_id, self.epoch_of(topic, topic_id), partition, first_offset, None
        )


def read_positions(con: duckdb.DuckDBPyConnection) -> Positions:
    """Read the ingest's cut from the lake, inside one snapshot."""
    rows = con.execute(
        """
        select topic, topic_id, topic_epoch, kafka_partition, max(end_offset), max(stream_time_ms)
        from log_ranges group by all"""
    ).fetchall()
    numbers = con.execute(
        "select (select b from head_ingest), (select coalesce(max(number) + 1, 0) from control_log)"
    ).fetchone()
    commit_number, control_number = numbers or (0, 0)
    states = [PartitionState(*row) for row in rows]
    return Positions(
        commit_number, control_number, {(state.topic_id, state.partition): state for state in states}
    )
