"""Writes the log into plain Parquet files that need neither this platform nor its catalog to be read.

The export holds the transactions of the ingest up to a cut. The log only grows, so each file is written from a
snapshot of its own and together they are what one snapshot at the cut would give, however long it takes.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.connection import Connection, connect, quoted, scalar
from proptech_pipelines.lake.positions import PartitionState, Positions, read_positions
from proptech_pipelines.lake.tables import STORAGE_VERSION
from proptech_pipelines.lake.transactions import snapshot
from proptech_pipelines.pipeline.log_files import FORMAT, MANIFEST, ExportedLog, positions_as, sha256
from proptech_pipelines.settings import Settings

SEGMENT_OFFSETS = 1_000_000
"""Offsets of one file of records: some tens of megabytes."""
ROW_GROUP_ROWS = 100_000
_ORDERS = {
    "ledger": "commit_number",
    "log_ranges": "commit_number, topic, topic_id, kafka_partition, start_offset",
    "control_log": "number",
    "dead_letter_records": "commit_number, topic, topic_id, kafka_partition, kafka_offset",
    "dead_letter_attempts": "commit_number, topic, topic_id, kafka_partition, kafka_offset",
    "readmissions": "commit_number, table_name, topic_id, kafka_partition, kafka_offset",
}
Report = Callable[[str, int, int], None]
"""What is being written, how many files are done, and how many there are."""


def export_log(
    settings: Settings,
    folder: Path,
    since: Path | None = None,
    report: Report = lambda name, done, count: None,
) -> dict[str, Any]:
    """Write the log into the new folder `folder` and return its manifest; with `since`, what came after that export.

    Works in `<folder>.partial`, renamed at the end: one that was killed goes on with the file it was at, at the cut
    that it began with. Raises SettingsError if `folder` exists, if another lake's export is in the way, or if the log
    lacks records.
    """
    if folder.exists():
        raise SettingsError(f"{folder} exists.", "name a folder that does not.")
    partial = folder.with_name(f"{folder.name}.partial")
    con = connect(settings, read_only=True)
    try:
        plan = _plan(con, settings, partial, since)
        files = _segments(con, plan) + [{"path": f"{name}.parquet", "table": name} for name in _ORDERS]
        for number, item in enumerate(files):
            report(item["path"], number, len(files))
            _write(con, plan, partial, item)
    finally:
        con.close()
    manifest = {**plan, "files": files, "counts": _counts(files)}
    _require_whole(manifest)
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    (partial / "plan.json").unlink()
    partial.rename(folder)
    return manifest


def _plan(con: Connection, settings: Settings, partial: Path, since: Path | None) -> dict[str, Any]:
    """What the export is to hold; that of an export that was killed, if there is one."""
    start = ExportedLog(since).manifest if since else None
    with snapshot(con):
        row = con.execute("select max(lake_id) from lake_version").fetchone()
        positions = read_positions(con)
        sums = con.execute(
            "select cast(coalesce(sum(rows_in), 0) as bigint), cast(coalesce(sum(rows_applied), 0) as bigint), "
            "cast(coalesce(sum(rows_rejected), 0) as bigint) from ledger where writer = 'ingest'"
        ).fetchone()
        kinds = [
            kind for (kind,) in con.execute("select distinct kind from control_log order by 1").fetchall()
        ]
    expected, rows, letters = sums or (0, 0, 0)
    plan = {
        "format": FORMAT,
        "storage_version": STORAGE_VERSION,
        "lake_id": row[0] if row else None,
        "limits": asdict(Limits.of(settings)),
        "start": start["cut"] if start else positions_as(Positions(0, 0, {})),
        "cut": positions_as(positions),
        "records": expected - (start["records_before"] + start["records"] if start else 0),
        "records_before": start["records_before"] + start["records"] if start else 0,
        "rows": rows,
        "letters": letters,
        "control_kinds": kinds,
    }
    if start is not None and start["lake_id"] != plan["lake_id"]:
        raise SettingsError(f"{since} is the export of another lake.", "export the whole log.")
    path = partial / "plan.json"
    if path.exists():
        stored = json.loads(path.read_text())
        if (stored["lake_id"], stored["start"]) != (plan["lake_id"], plan["start"]):
            raise SettingsError(f"{partial} is of another export.", "remove it, or name another folder.")
        return stored
    shutil.rmtree(partial, ignore_errors=True)  # made by a kill before its plan was written
    partial.mkdir(parents=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(plan))
    unfinished.rename(path)
    return plan


def _segments(con: Connection, plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of records: one for every million offsets of each partition, named by its first offset."""
    begins = {
        (topic_id, partition): begin
        for topic_id, partition, begin in con.execute(
            "select topic_id, kafka_partition, min(start_offset) from log_ranges group by all"
        ).fetchall()
    }
    before = {
        (item["topic_id"], item["partition"]): item["next_offset"] for item in plan["start"]["partitions"]
    }
    found: list[dict[str, Any]] = []
    for item in plan["cut"]["partitions"]:
        state = PartitionState(**item)
        where = (state.topic_id, state.partition)
        low = before.get(where, begins.get(where, 0))
        for at in range(low, state.next_offset, SEGMENT_OFFSETS):
            found.append(
                {
                    "path": f"event_log/{state.topic}/{state.topic_id}/{state.partition}/{at:020d}.parquet",
                    "topic": state.topic,
                    "topic_id": state.topic_id,
                    "kafka_partition": state.partition,
                    "start_offset": at,
                    "end_offset": min(at + SEGMENT_OFFSETS, state.next_offset),
                }
            )
    return found


def _write(con: Connection, plan: dict[str, Any], folder: Path, item: dict[str, Any]) -> None:
    """Write one file unless it is there, and note its rows, bytes and checksum in `item`."""
    path = folder / item["path"]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")
        con.execute(
            f"copy ({_query(plan, item)}) to '{quoted(str(unfinished))}' "
            f"(format parquet, compression zstd, row_group_size {ROW_GROUP_ROWS})"
        )
        unfinished.rename(path)
    item["rows"] = scalar(con, f"select num_rows from parquet_file_metadata('{quoted(str(path))}')")
    item["bytes"] = path.stat().st_size
    item["sha256"] = sha256(path)


def _query(plan: dict[str, Any], item: dict[str, Any]) -> str:
    low, high = plan["start"]["commit_number"], plan["cut"]["commit_number"]
    between = f"commit_number > {low} and commit_number <= {high}"
    if "topic_id" in item:
        return (
            f"select * from event_log where topic_id = '{quoted(item['topic_id'])}' "
            f"and kafka_partition = {item['kafka_partition']} and kafka_offset >= {item['start_offset']} "
            f"and kafka_offset < {item['end_offset']} order by kafka_offset"
        )
    name = item["table"]
    writer = " and writer = 'ingest'" if name == "ledger" else ""
    return f"select * from {name} where {between}{writer} order by {_ORDERS[name]}"


def _counts(files: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in files:
        name = item.get("table", "event_log")
        found[name] = found.get(name, 0) + item["rows"]
    return found


def _require_whole(manifest: dict[str, Any]) -> None:
    found = manifest["counts"].get("event_log", 0)
    if found != manifest["records"]:
        raise SettingsError(
            f"The log has {found:,} records where its ranges count {manifest['records']:,}.",
            "see `proptech log verify`; nothing was exported.",
        )
