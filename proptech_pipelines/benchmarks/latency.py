"""How soon a record is seen, through the Dagster job as a user runs it, from its scheduled send time (open loop)."""

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

import fastavro
import psycopg2
from psycopg2.extensions import make_dsn

from proptech_pipelines.benchmarks.figures import Quantiles
from proptech_pipelines.contracts.topics import schema_text
from proptech_pipelines.errors import ServiceError
from proptech_pipelines.kafka.tail import TopicTail
from proptech_pipelines.lake.connection import LAKE, Connection, catalog_tables, connect, scalar
from proptech_pipelines.lake.maintenance import in_catalog, live_files
from proptech_pipelines.settings import Settings, environment_of_file

_WARM_UP_SECONDS = 45.0
_BACKFILL = ("backfill", "price_change_windows", "--subtree", "--from", "2000-01-01", "--to", "2049-12-31")
"""Every family that reads price changes, whatever days the simulator's events are of."""


@dataclass(frozen=True)
class Latency:
    """Over all records sent while following."""

    visible_ms: Quantiles | None
    alert_ms: Quantiles | None
    commit_ms: Quantiles | None
    """From one ingest transaction to the next."""
    commit_ms_by_quarter: list[float]
    """Medians of the same in each quarter of the time: level if upkeep keeps up."""
    most_files: int
    """Live files at the end of the table that has most."""
    hand_overs: int
    """Runs that took over from another in that time."""
    backfills: int
    """Those that were carried out meanwhile."""


def measure_latency(
    folder: Path,
    minutes: float,
    events_per_second: float,
    follow_seconds: int,
    tell: Callable[[str], None],
    *,
    beside_backfill: bool = False,
) -> Latency:
    """Bring everything up in `folder`, let it follow for `minutes`, and read off when rows and alerts came out.

    With `beside_backfill` every family that reads price changes is derived again, all of its days, time after time.

    `visible_ms`: from a price change's scheduled send time to the commit that put it into price_change_windows.
    `alert_ms`: from the send time of each record that an alert message counts first, to a read_committed reader.
    """
    _proptech(folder, follow_seconds, "up", "--events-per-second", str(events_per_second))
    try:
        settings = Settings.stored(folder)
        time.sleep(_WARM_UP_SECONDS)
        begun_ms = time.time() * 1000
        with _AlertReader(settings) as alerts:
            tell(f"following for {minutes:g} minutes at {events_per_second:g} events/s")
            end = time.monotonic() + minutes * 60
            backfills = 0
            while beside_backfill and time.monotonic() < end:
                _proptech(folder, follow_seconds, *_BACKFILL)
                backfills += 1
            time.sleep(max(end - time.monotonic(), 0))
            ended_ms = time.time() * 1000
            time.sleep(5)
        return _read_off(settings, begun_ms, ended_ms, alerts.received, backfills)
    finally:
        _proptech(folder, follow_seconds, "down")


def _proptech(folder: Path, follow_seconds: int, *arguments: str) -> None:
    environment = environment_of_file(folder) | {"PROPTECH_FOLLOW_SECONDS": str(follow_seconds)}
    done = subprocess.run(
        [sys.executable, "-m", "proptech_pipelines.cli", *arguments, "--home", str(folder)],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise ServiceError(f"proptech {arguments[0]} failed.", "read its messages above.")


class _AlertReader:
    """Notes when each alert message reaches a read_committed reader: (zip code, window start in ms, revision)."""

    def __init__(self, settings: Settings) -> None:
        self._tail = TopicTail(settings, "market-alerts")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._schema = fastavro.parse_schema(json.loads(schema_text("market-alerts")))
        self.received: list[tuple[str, int, int, float]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._tail.close()

    def _read(self) -> None:
        while not self._stop.is_set():
            value = self._tail.next_value(0.1)
            if value is None:
                continue
            now = time.time() * 1000
            record: Any = fastavro.schemaless_reader(io.BytesIO(value[5:]), self._schema, None)
            start_ms = int(record["windowStart"].timestamp() * 1000)
            self.received.append((record["zipCode"], start_ms, record["revision"], now))


def _read_off(
    settings: Settings,
    begun_ms: float,
    ended_ms: float,
    received: list[tuple[str, int, int, float]],
    backfills: int,
) -> Latency:
    con = connect(settings, read_only=True)
    try:
        _lay_out(con)
        period = f"between {begun_ms} and {ended_ms}"
        visible = con.execute(f"select at_ms - sent_ms from seen where sent_ms {period}").fetchall()
        commits = con.execute(
            f"select at_ms - lag(at_ms) over (order by commit_number), cast(at_ms - {begun_ms} as double) from commits "
            f"where writer = 'ingest' and at_ms {period} order by commit_number"
        ).fetchall()[1:]
        commit_ms = [took for took, _ in commits]
        quarter_ms = (ended_ms - begun_ms) / 4
        most_files = max(files for files, _ in live_files(con).values())
        con.execute(
            "create temporary table received (zip_code varchar, window_ms bigint, counted bigint, at_ms double)"
        )
        con.executemany("insert into received values (?, ?, ?, ?)", received or [("", 0, 0, 0.0)])
        alerts = con.execute(
            """
            select received.at_ms - seen.sent_ms
            from received
            inner join counted using (zip_code, window_ms, counted)
            inner join seen using (zip_code, window_ms, commit_number)
            where not seen.is_late"""
        ).fetchall()
    finally:
        con.close()
    return Latency(
        Quantiles.of([row[0] for row in visible]),
        Quantiles.of([row[0] for row in alerts]),
        Quantiles.of(commit_ms),
        [
            round(median([took for took, at in commits if at // quarter_ms == quarter] or [0]), 1)
            for quarter in range(4)
        ],
        most_files,
        _hand_overs(settings, begun_ms, ended_ms),
        backfills,
    )


def _lay_out(con: Connection) -> None:
    """Temporary tables: when each transaction committed, by the catalog's clock, and which records it brought."""
    catalog = catalog_tables(con)
    ledger = dict(in_catalog(con)).get("ledger")
    if ledger is None:
        raise ServiceError("The ledger is not in the catalog.", "measure on a fresh home folder.")
    if scalar(con, f"select count(*) from ducklake_list_files('{LAKE}', 'ledger')"):
        raise ServiceError("Part of the ledger is in files by now.", "measure for a shorter time.")
    con.execute(
        f"""
        create temporary table commits as
        select l.writer, l.commit_number, l.input_commit, epoch_ms(s.snapshot_time) as at_ms,
            coalesce(lag(l.input_commit) over (partition by l.writer order by l.commit_number), 0) as low
        from {ledger} as l
        inner join {catalog}.ducklake_snapshot as s on l.begin_snapshot = s.snapshot_id"""
    )
    con.execute(
        """
        create temporary table seen as
        select r.kafka_timestamp_ms as sent_ms, c.at_ms, c.commit_number, r.zip_code,
            epoch_ms(date_trunc('hour', r.event_time)) as window_ms,
            date_trunc('hour', r.event_time) + interval 25 hours <= epoch_ms(r.stream_time_ms) as is_late
        from stg_property_price_changes as r
        inner join commits as c on c.writer = 'price_change_analysis'
            and r.commit_number > c.low and r.commit_number <= c.input_commit"""
    )
    con.execute(
        """
        create temporary table counted as
        select zip_code, window_ms, commit_number, cast(sum(count(*)) over (
            partition by zip_code, window_ms order by commit_number
        ) as bigint) as counted
        from seen where not is_late group by zip_code, window_ms, commit_number"""
    )


def _hand_overs(settings: Settings, begun_ms: float, ended_ms: float) -> int:
    """Runs of the stream job that began in the period, by Dagster's own records."""
    connection = psycopg2.connect(make_dsn(settings.catalog, dbname="dagster"))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from runs where pipeline_name = 'stream' and start_time between %s and %s",
                (begun_ms / 1000, ended_ms / 1000),
            )
            row = cursor.fetchone()
    finally:
        connection.close()
    return int(row[0]) if row else 0
