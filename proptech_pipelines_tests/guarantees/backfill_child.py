"""Backfills all that reads price changes on a home folder, perhaps to be killed at a chosen statement.

python -m proptech_pipelines_tests.guarantees.backfill_child HOME [--die-at N]
"""

from datetime import UTC, datetime, timedelta

from proptech_pipelines.pipeline.backfill import Request, backfill
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines_tests.guarantees.dying import on_lake


def work(con, leases, settings) -> None:
    today = datetime.now(UTC).date()
    days = Days(today - timedelta(days=40), today + timedelta(days=2))
    for _ in backfill(con, leases, Request("stg_property_price_changes", days, subtree=True)):
        pass


if __name__ == "__main__":
    on_lake(work)
