"""Reads the lake until told to stop and fails at the first snapshot that is not consistent in itself.

python -m proptech_pipelines_tests.guarantees.snapshot_reader HOME   (a line on standard input ends it)
"""

import select
import sys
from pathlib import Path

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.settings import Settings


def main(home: str) -> None:
    con = connect(Settings.load(Path(home)), read_only=True)
    staging = " + ".join(f"(select count(*) from {model.name})" for model in live_graph(con).staging)
    sql = f"""
        select
            (select coalesce(sum(rows_in), 0) from ledger where writer = 'ingest') as in_ledger,
            (select count(*) from event_log) as in_log,
            {staging} as staged,
            (select count(*) from dead_letters) as dead,
            (select coalesce(sum(rows_applied), 0) from ledger where writer = 'price_change_analysis') as applied,
            (select coalesce(sum(event_count), 0) from price_change_windows) as counted,
            (select coalesce(sum(rows_rejected), 0) from ledger where writer = 'price_change_analysis') as rejected,
            (select count(*) from price_change_late) as late"""
    snapshots, seen = 0, set()
    while not select.select([sys.stdin], [], [], 0)[0]:
        in_ledger, in_log, staged, dead, applied, counted, rejected, late = con.execute(sql).fetchone()
        assert in_ledger == in_log == staged + dead, (in_ledger, in_log, staged, dead)
        assert applied == counted, (applied, counted)
        assert rejected == late, (rejected, late)
        snapshots += 1
        seen.add(in_log)
    sys.stdout.write(f"{snapshots} {len(seen)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
