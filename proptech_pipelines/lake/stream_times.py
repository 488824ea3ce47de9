"""Stream time by topic at a family's own cut: what a view may ask to know whether a window is final."""


def stream_times(family: str) -> str:
    """A SELECT of (topic, stream_time_ms): the least over all partitions at the cut of `family`.

    Null while a partition has had neither a row nor an idle entry: it could still bring an early row. Only the
    newest incarnation of a topic counts, since older ones bring nothing any more.
    """
    return f"""
        select topic, case when count(*) = count(stream_time_ms) then min(stream_time_ms) end as stream_time_ms
        from (
            select topic, topic_epoch, kafka_partition, max(stream_time_ms) as stream_time_ms,
                max(topic_epoch) over (partition by topic) as newest_epoch
            from log_ranges
            where commit_number <= (
                select coalesce(max(input_commit), 0) from ledger where writer = '{family}'
            )
            group by topic, topic_epoch, kafka_partition
        )
        where topic_epoch = newest_epoch
        group by topic"""
