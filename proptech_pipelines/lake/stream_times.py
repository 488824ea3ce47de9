"""Stream time by topic: what a window, or a moment, must lie behind to be final."""

from collections.abc import Collection

from proptech_pipelines.lake.connection import Connection


def stream_times(family: str) -> str:
    """A SELECT of (topic, stream_time_ms): the least over all partitions at the cut of `family`.

    Null while a partition has had neither a row nor an idle entry: it could still bring an early row. Only the
    newest incarnation of a topic counts, since older ones bring nothing any more.
    """
    return _stream_times(f"(select coalesce(max(input_commit), 0) from ledger where writer = '{family}')")


TOPIC_IDS_SQL = "select distinct topic_id, topic from log_ranges"
"""A SELECT of (topic_id, topic): every incarnation of every topic that the log has seen."""


def least_stream_time_ms(con: Connection, topics: Collection[str], input_commit: int) -> int | None:
    """The least stream time of all partitions of `topics` below ingest transaction `input_commit` + 1.

    None while a partition, or a topic as a whole, has had neither a row nor an idle entry.
    """
    names = ", ".join(f"'{name}'" for name in topics)
    row = con.execute(
        f"select min(stream_time_ms), count(stream_time_ms) from ({_stream_times(str(input_commit))}) "
        f"where topic in ({names})"
    ).fetchone()
    return int(row[0]) if row is not None and row[1] == len(topics) else None


def passed_stream_time_ms(con: Connection, topics: Collection[str], input_commit: int) -> int | None:
    """The greatest that the least stream time of `topics` has been below ingest transaction `input_commit` + 1.

    It never falls with rising `input_commit`: a partition that is new, or the first of a topic that was made again,
    has no stream time, or a low one, but what had passed before it came has passed.
    """
    names = ", ".join(f"'{name}'" for name in topics)
    found = con.execute(
        f"select distinct min(commit_number) - 1 from log_ranges "
        f"where commit_number <= {input_commit} and topic in ({names}) group by topic_id, kafka_partition"
    ).fetchall()
    known = [
        least_ms
        for number in (*(row[0] for row in found if row[0] > 0), input_commit)
        if (least_ms := least_stream_time_ms(con, topics, number)) is not None
    ]
    return max(known, default=None)


class PassedStreamTime:
    """`passed_stream_time_ms` of rising cuts: each question reads only what came since the last one."""

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = tuple(topics)
        self._cut = -1
        self._passed_ms: int | None = None
        self._times: dict[tuple[str, int, int], int | None] = {}
        """Stream time by topic, epoch and partition at the cut, in ms; None of a partition without any."""

    def at(self, con: Connection, input_commit: int) -> int | None:
        """What had been passed below ingest transaction `input_commit` + 1."""
        if input_commit < self._cut:
            self._cut, self._passed_ms, self._times = -1, None, {}
        if input_commit > self._cut:
            news = self._news(con, self._cut, input_commit)
            all_known = set(news) <= set(self._times)
            self._times |= {
                where: _greatest(self._times.get(where), time_ms) for where, time_ms in news.items()
            }
            if all_known:
                self._passed_ms = _greatest(self._passed_ms, self._least_ms())
            else:
                # Before a partition is seen for the first time, more may have passed than after it.
                self._passed_ms = passed_stream_time_ms(con, self._topics, input_commit)
            self._cut = input_commit
        return self._passed_ms

    def _news(self, con: Connection, low: int, high: int) -> dict[tuple[str, int, int], int | None]:
        names = ", ".join(f"'{name}'" for name in self._topics)
        rows = con.execute(
            "select topic, topic_epoch, kafka_partition, max(stream_time_ms) from log_ranges "
            f"where commit_number > {low} and commit_number <= {high} and topic in ({names}) group by all"
        ).fetchall()
        return {(topic, epoch, number): time_ms for topic, epoch, number, time_ms in rows}

    def _least_ms(self) -> int | None:
        """As `least_stream_time_ms`."""
        newest = {name: epoch for name, epoch, _ in sorted(self._times)}
        times = [time_ms for (name, epoch, _), time_ms in self._times.items() if newest[name] == epoch]
        known = [time_ms for time_ms in times if time_ms is not None]
        return min(known) if len(known) == len(times) and set(newest) == set(self._topics) else None


def _greatest(*times_ms: int | None) -> int | None:
    return max((time_ms for time_ms in times_ms if time_ms is not None), default=None)


def redrives_of_passed(con: Connection) -> dict[str, dict[int, int]]:
    """By topic, the ingest transactions of redrives with what its partitions had passed by then, in ms."""
    found: dict[str, dict[int, int]] = {}
    for name, number, passed_ms in con.execute(
        "select topic, commit_number, max(stream_time_ms) from control_log "
        "where kind = 'redrive' and stream_time_ms is not null group by all order by all"
    ).fetchall():
        found.setdefault(name, {})[number] = passed_ms
    return found


def _stream_times(cut: str) -> str:
    return f"""
        select topic, case when count(*) = count(stream_time_ms) then min(stream_time_ms) end as stream_time_ms
        from (
            select topic, topic_epoch, kafka_partition, max(stream_time_ms) as stream_time_ms,
                max(topic_epoch) over (partition by topic) as newest_epoch
            from log_ranges
            where commit_number <= {cut}
            group by topic, topic_epoch, kafka_partition
        )
        where topic_epoch = newest_epoch
        group by topic"""
