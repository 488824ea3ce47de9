"""Backfills all that reads price changes on a home folder, perhaps to be killed at a chosen statement.

python -m proptech_pipelines_tests.guarantees.backfill_child HOME [--die-at N]
"""

import argparse
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proptech_pipelines.lake.connection import cursor
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.backfill import Request, backfill
from proptech_pipelines.pipeline.rebuild import Days
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.guarantees.stream_child import DyingConnection


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--die-at", type=int)
    options = parser.parse_args()
    settings = Settings.load(options.home)
    today = datetime.now(UTC).date()
    days = Days(today - timedelta(days=40), today + timedelta(days=2))
    with open_lake(settings) as whole, Leases(settings) as leases:
        con = cursor(whole)
        if options.die_at is not None:
            con = DyingConnection(con, itertools.count(), options.die_at)
        for _ in backfill(con, leases, Request("stg_property_price_changes", days, subtree=True)):
            pass


if __name__ == "__main__":
    main()
