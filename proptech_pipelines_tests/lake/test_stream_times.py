"""What a stream has passed, asked step by step, is what the whole log says."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proptech_pipelines.lake.stream_times import PassedStreamTime, passed_stream_time_ms

TOPICS = ("views", "profiles")
ROWS = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.sampled_from((*TOPICS, "other")),
        st.integers(1, 2),
        st.integers(0, 2),
        st.none() | st.integers(0, 20),
    ),
    max_size=25,
)


@pytest.mark.long
@settings(deadline=None, max_examples=60)
@given(ROWS, st.lists(st.integers(0, 12), min_size=1, max_size=8))
def test_passed_stream_time_is_that_of_the_whole_log_whatever_was_asked_before(rows, cuts):
    with duckdb.connect() as con:
        con.execute(
            "create table log_ranges (commit_number bigint, topic varchar, topic_epoch bigint, topic_id varchar, "
            "kafka_partition integer, stream_time_ms bigint)"
        )
        times = {}
        for number, topic, epoch, partition, time_ms in sorted(rows, key=lambda row: row[0]):
            # As in a log: a partition's stream time never falls.
            where = (topic, epoch, partition)
            times[where] = max(
                (item for item in (times.get(where), time_ms) if item is not None), default=None
            )
            con.execute(
                "insert into log_ranges values (?, ?, ?, ?, ?, ?)",
                [number, topic, epoch, f"{topic} {epoch}", partition, times[where]],
            )
        passed = PassedStreamTime(TOPICS)
        for cut in [*cuts, *range(13)]:
            assert passed.at(con, cut) == passed_stream_time_ms(con, TOPICS, cut)
