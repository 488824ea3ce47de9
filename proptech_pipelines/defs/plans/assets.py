"""The table of plans as an asset that a person reads."""

import dagster as dg

from proptech_pipelines.defs.keys import OWNERS
from proptech_pipelines.defs.metadata import table_metadata
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.lake.plans import Plan, read_plans
from proptech_pipelines.lake.tables import TABLES
from proptech_pipelines.pipeline.plan import planning, propose


@dg.asset(
    group_name="plans",
    kinds={"duckdb", "ducklake"},
    owners=OWNERS,
    description=TABLES["plans"][0],
    metadata=table_metadata("plans"),
    deps=["schema_versions"],
)
def plans(platform: Platform) -> dg.MaterializeResult:
    """Compare the lake with this installation and show the plan that leads from one to the other."""
    with planning(platform.settings()) as (con, graph):
        current = propose(con, graph)
        known = read_plans(con)
    text = plan_as_markdown(current) if current else "Nothing is to be built."
    return dg.MaterializeResult(
        metadata={
            "plan": dg.MetadataValue.md(text),
            "open": sum(item.state in ("proposed", "approved", "building") for item in known),
            "events": current.events if current else 0,
            "seconds": current.seconds if current else 0.0,
        }
    )


def plan_as_markdown(plan: Plan) -> str:
    """A plan for people: what changed, which tables and columns, what it costs, and what it waits for."""
    lines = [
        f"**Plan `{plan.plan_id[:8]}`: {plan.level}, {plan.state}.** {len(plan.tables)} tables, {plan.events:,} rows, "
        f"{plan.bytes / 1e6:,.1f} MB, about {plan.seconds:,.0f} s.",
        "",
    ]
    lines += [
        f"- schema `{subject}`: version {before or '?'} to {after or '?'}"
        for subject, (before, after) in plan.schemas.items()
    ]
    for change in plan.changes:
        lines.append(
            f"- `{change['table']}` is {change['level']}: {'; '.join(change['reasons']) or 'columns'}"
        )
        lines += [f"  - `{item['column']}`: {item['level']}, {item['reason']}" for item in change["columns"]]
    if not plan.may_run:
        lines += [
            "",
            f"It waits for approval: `proptech plan approve {plan.plan_id[:8]}`, or the job `approve_plan`.",
        ]
    return "\n".join(lines)
