"""The job `backfill`: what `proptech backfill` does, with days, offsets or a key as its configuration, in one run."""

from datetime import date

import dagster as dg

from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.backfill import Done, Request, totals
from proptech_pipelines.pipeline.backfill import backfill as carry_out
from proptech_pipelines.pipeline.backfill_days import OffsetRange, days_through
from proptech_pipelines.pipeline.priority import stand_back


class BackfillConfig(dg.Config):
    """What to backfill: the family that stores `table`, on days from `first_day` to `last_day`, both included.

    `offsets` are ranges `topic:partition:from-to`, without the offset `to`; `key` is a value by column. Empty is any.
    With `subtree` it is every family that reads one of the same staging tables; with `only_differing` days that are
    right are left alone.
    """

    table: str
    first_day: str = ""
    last_day: str = ""
    offsets: list[str] = []
    key: dict[str, str] = {}
    subtree: bool = False
    only_differing: bool = False
    dry_run: bool = False

    def request(self) -> Request:
        """The same as the pipeline takes it. Raises SettingsError for what is no day or no range of offsets."""
        return Request(
            self.table,
            days_through(_day(self.first_day), _day(self.last_day)),
            tuple(OffsetRange.parse(text) for text in self.offsets),
            tuple(self.key.items()),
            subtree=self.subtree,
            only_differing=self.only_differing,
            dry_run=self.dry_run,
        )


@dg.op
def derive_again(context: dg.OpExecutionContext, config: BackfillConfig, platform: Platform) -> None:
    """Make the tables of the families on the chosen days what the log gives. Can be cancelled; what is done stands."""
    request = config.request()
    stand_back()
    found: list[Done] = []
    with open_lake(platform.settings()) as con, Leases(platform.settings()) as leases:
        for done in carry_out(con, leases, request):
            context.log.info(_line(done))
            found.append(done)
    for item in totals(found):
        metadata = {
            "missing": item.missing,
            "surplus": item.surplus,
            "days": dg.MetadataValue.json([str(day) for day in item.days]),
            "dry_run": request.dry_run,
        }
        context.log_event(dg.AssetObservation(item.table, metadata=metadata))
        for day in () if request.dry_run else item.days:
            context.log_event(dg.AssetMaterialization(item.table, partition=str(day)))


@dg.job(executor_def=dg.in_process_executor, tags={"proptech/kind": "backfill"})
def backfill() -> None:
    """Derive days or keys of tables from the log again, beside the stream."""
    derive_again()


@dg.definitions
def jobs() -> dg.Definitions:
    """The job."""
    return dg.Definitions(jobs=[backfill])


def _line(done: Done) -> str:
    where = "all days" if done.days is None else f"[{done.days.start}, {done.days.end})"
    counts = ", ".join(f"{item.table} {item.missing} missing {item.surplus} surplus" for item in done.tables)
    return f"{done.family}, {where}: {counts}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise SettingsError(f"{text!r} is no day.", "write it as 2024-05-01.") from error
