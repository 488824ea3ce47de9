"""Replays a long log of typed price changes that is written straight to a lake: a process of its own.

python -m proptech_pipelines.benchmarks.synthetic FOLDER EVENTS

No broker takes part. The log is written first; then the family `price_change_analysis` takes it in from the beginning,
slice by slice, as the build of a generation does.
"""

import json
import resource
import statistics
import sys
import time
from pathlib import Path

from proptech_pipelines.lake.connection import Connection, connect, scalar
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.opening import ensure_tables
from proptech_pipelines.lake.transactions import transaction
from proptech_pipelines.pipeline.build import build_family
from proptech_pipelines.settings import Settings

FAMILY = "price_change_analysis"
EVENTS_PER_COMMIT = 1_000_000
EVENTS_PER_SECOND = 33
"""Of event time. 100 million events are 35 days of 900 zip codes."""
_PARTITIONS = 6
_START_MS = 1_709_251_200_000


def main(folder: str, events: str) -> None:
    """Write the log, replay it, and print the figures as one line of JSON."""
    home = Path(folder)
    con = connect(Settings(home=home, catalog=f"sqlite:{home}/catalog.sqlite"))
    ensure_tables(con)
    begun = time.perf_counter()
    commits = max(1, int(events) // EVENTS_PER_COMMIT)
    for number in range(commits):
        _write(con, number)
    written = time.perf_counter()
    rates = _replay(con, commits)
    seconds = time.perf_counter() - written
    total = commits * EVENTS_PER_COMMIT
    counted = scalar(con, "select cast(sum(event_count) as bigint) from price_change_windows")
    late = scalar(con, "select count(*) from price_change_late")
    tenth = max(1, len(rates) // 10)
    print(  # noqa: T201 - the parent reads it
        json.dumps(
            {
                "events": total,
                "write_seconds": round(written - begun, 2),
                "seconds": round(seconds, 2),
                "events_per_second": round(total / seconds),
                "first_tenth_events_per_second": round(statistics.mean(rates[:tenth])),
                "last_tenth_events_per_second": round(statistics.mean(rates[-tenth:])),
                "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "whole": counted + late == total,
            }
        )
    )


def _write(con: Connection, number: int) -> None:
    """One ingest transaction of `EVENTS_PER_COMMIT` typed rows, and its ranges and ledger entry."""
    first, end = number * EVENTS_PER_COMMIT, (number + 1) * EVENTS_PER_COMMIT
    step_ms = 1000 // EVENTS_PER_SECOND
    with transaction(con):
        con.execute(
            f"""
            insert into stg_property_price_changes by name
            select {number + 1} as commit_number, 'synthetic' as topic_id, 1 as topic_epoch,
                cast(r % {_PARTITIONS} as integer) as kafka_partition, r // {_PARTITIONS} as kafka_offset,
                ms as kafka_timestamp_ms, epoch_ms(ms) as event_time, false as event_time_is_kafka,
                ms as stream_time_ms, cast(epoch_ms(ms) as date) as kafka_date,
                'home-' || (hash(r) % 50000) as property_id, cast(78701 + hash(r * 7) % 900 as varchar) as zip_code,
                'TX' as state_code, 100000 as old_price, cast(90000 + hash(r * 3) % 20000 as bigint) as new_price,
                cast((cast(90000 + hash(r * 3) % 20000 as bigint) - 100000) * 10000 as bigint) as change_ppb
            from (select r, {_START_MS} + r * {step_ms} as ms from range({first}, {end}) as t (r))
            order by kafka_partition, kafka_offset"""
        )
        con.execute(
            f"""
            insert into log_ranges by name
            select {number + 1} as commit_number, 'property-price-changes' as topic, 'synthetic' as topic_id,
                1 as topic_epoch, p as kafka_partition, {first // _PARTITIONS} as start_offset,
                {end // _PARTITIONS} as end_offset, {EVENTS_PER_COMMIT // _PARTITIONS} as records,
                {EVENTS_PER_COMMIT // _PARTITIONS} as staged, 0 as dead,
                {_START_MS + (end - 1) * step_ms} as stream_time_ms
            from range({_PARTITIONS}) as t (p)"""
        )
        con.execute(
            "insert into ledger values ('ingest', ?, null, 0, ?, ?, 0, false, now() at time zone 'UTC')",
            [number + 1, EVENTS_PER_COMMIT, EVENTS_PER_COMMIT],
        )
        con.execute(f"update head_ingest set b = {number + 1}")


def _replay(con: Connection, commits: int) -> list[float]:
    """Take in the whole log slice by slice; events per second of each."""
    rates, begun = list[float](), time.perf_counter()
    for built in build_family(con, live_graph(con), FAMILY, commits):
        ended = time.perf_counter()
        rates.append(built.rows / (ended - begun))
        begun = ended
    return rates


if __name__ == "__main__":
    main(*sys.argv[1:])
