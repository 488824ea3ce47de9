"""The sensor that finds plans and has them carried out, one at a time."""

import time

import dagster as dg

from proptech_pipelines.defs.attempts import Attempts
from proptech_pipelines.defs.plans.job import approve_plan, carry_out_plan
from proptech_pipelines.defs.plans.planning import why_not
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.defs.stream.runs import live_runs
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.plans import set_state
from proptech_pipelines.pipeline.plan import PLAN_LEASE, is_up_to_date, planning, propose


@dg.sensor(
    job=carry_out_plan,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    name="plan_sensor",
)
def plan_sensor(context: dg.SensorEvaluationContext, platform: Platform) -> dg.RunRequest | dg.SkipReason:
    """Compare the lake with this installation; ask for a run where a plan may be carried out.

    The same change is the same plan and the same run, however often it is seen; a run that ended before the plan was
    carried out is followed by another.
    """
    settings = platform.settings()
    if is_up_to_date(settings):
        return dg.SkipReason("The tables of the lake are those of this installation.")
    with Leases(settings) as leases:
        if leases.is_held(PLAN_LEASE):
            return dg.SkipReason("A plan is being carried out, or taken back.")
    with planning(settings) as (con, graph):
        plan = propose(con, graph)
        if plan is not None and plan.state == "proposed" and settings.approve_breaking:
            set_state(con, plan.plan_id, "approved")
            plan = propose(con, graph)
    if plan is None:
        return dg.SkipReason("The plan was carried out meanwhile.")
    of_plan = dg.RunsFilter(job_name=carry_out_plan.name, tags={"proptech/plan": plan.plan_id})
    records = context.instance.get_run_records(of_plan)  # the youngest first
    ages = [time.time() - record.create_timestamp.timestamp() for record in records]
    reason = why_not(
        plan, live_runs(context.instance, carry_out_plan.name), Attempts(len(ages), min(ages, default=0.0))
    )
    if reason is not None:
        return dg.SkipReason(reason)
    last = records[0].dagster_run.run_id[:8] if records else "none"
    tags = {"proptech/plan": plan.plan_id, "proptech/level": plan.level}
    for subject, (before, after) in plan.schemas.items():
        tags |= {"proptech/subject": subject, "proptech/versions": f"{before} to {after}"}
    return dg.RunRequest(
        run_key=f"{plan.plan_id}-after-{last}",
        run_config={"ops": {"build_audit_swap": {"config": {"plan_id": plan.plan_id}}}},
        tags=tags,
    )


@dg.definitions
def sensors() -> dg.Definitions:
    """The sensor and the jobs."""
    return dg.Definitions(sensors=[plan_sensor], jobs=[carry_out_plan, approve_plan])
