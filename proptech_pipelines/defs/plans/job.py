"""The jobs that approve a plan and carry it out."""

import dagster as dg

from proptech_pipelines.defs.plans.assets import plan_as_markdown
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.plans import Plan, read_plan
from proptech_pipelines.pipeline.build import Built
from proptech_pipelines.pipeline.plan import approve as let_run
from proptech_pipelines.pipeline.plan import carry_out, planning, tools_of
from proptech_pipelines.pipeline.priority import stand_back


class PlanConfig(dg.Config):
    """Which plan: its id, or the beginning of it."""

    plan_id: str


@dg.op
def approve(context: dg.OpExecutionContext, config: PlanConfig, platform: Platform) -> None:
    """Let a plan that changes existing rows or columns be carried out."""
    with planning(platform.settings()) as (con, graph):
        plan = _found(con, config.plan_id)
        let_run(con, graph, plan)
    context.log.info("plan %s is approved", plan.plan_id[:8])


@dg.op
def build_audit_swap(context: dg.OpExecutionContext, config: PlanConfig, platform: Platform) -> None:
    """Build the plan's tables beside the live ones, audit and swap them in. Can be cancelled; the next run goes on."""
    settings = platform.settings()

    def on_slice(built: Built) -> None:
        context.log.info(
            "%s: %s rows, transaction %s of %s", built.writer, built.rows, built.input_commit, built.head
        )

    stand_back()
    with planning(settings) as (con, graph), Leases(settings) as leases:
        plan = _found(con, config.plan_id)
        done = carry_out(con, graph, plan, tools_of(settings, leases, on_slice))
    metadata = {
        "plan": dg.MetadataValue.md(plan_as_markdown(done)),
        "audit": dg.MetadataValue.json(done.report),
    }
    for table in done.tables:
        context.log_event(dg.AssetMaterialization(table, metadata=metadata))


@dg.job(executor_def=dg.in_process_executor)
def approve_plan() -> None:
    """Approve a plan: the sensor carries it out then."""
    approve()


@dg.job(executor_def=dg.in_process_executor, tags={"proptech/kind": "backfill"})
def carry_out_plan() -> None:
    """Carry out a plan: build, audit, swap."""
    build_audit_swap()


def _found(con: Connection, plan_id: str) -> Plan:
    plan = read_plan(con, plan_id)
    if plan is None:
        raise SettingsError(
            f"There is no plan {plan_id}, or more than one.", "materialize the asset `plans`."
        )
    return plan
