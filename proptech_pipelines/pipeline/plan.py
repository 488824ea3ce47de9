"""Plans: what a change of models or schemas means for the lake, what it costs, and carrying it out.

A plan is found from what is live and from what the installation holds, and has the same id however it was found.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.topics import INPUT_TOPICS, schema_versions, topic
from proptech_pipelines.errors import LedgerConflict, ProptechError, SettingsError
from proptech_pipelines.lake import building
from proptech_pipelines.lake.connection import FAULTS, Connection, scalar
from proptech_pipelines.lake.generations import live_graph, shadow_graph, stored_readers
from proptech_pipelines.lake.kept import read_kept
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.lake.plans import Plan, add_plan, changes_as_json, read_plan, set_state, write_state
from proptech_pipelines.models.changes import TableChange, table_changes
from proptech_pipelines.models.fingerprint import fingerprints, newest_readers
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.audit import audit
from proptech_pipelines.pipeline.build import Built, Pin, approach, beyond, pin, pin_head
from proptech_pipelines.pipeline.swap import swap, unpublished_by
from proptech_pipelines.pipeline.wanted import wanted_graph
from proptech_pipelines.publishing.outbox import Outbox
from proptech_pipelines.publishing.registered import outboxes
from proptech_pipelines.settings import Settings

PLAN_LEASE = "plan"
"""One plan is carried out at a time: two changes in a row make one backfill or two in order."""
_STAGING_ROWS_PER_SECOND = 200_000
_FAMILY_ROWS_PER_SECOND = 600_000


@dataclass(frozen=True)
class Tools:
    """What carrying out a plan needs of its caller."""

    leases: Leases
    limits: Limits
    outboxes: Collection[Outbox] = ()
    on_slice: Callable[[Built], None] = lambda built: None


@contextmanager
def planning(settings: Settings) -> Iterator[tuple[Connection, Graph]]:
    """The lake of `settings`, open, and the models that it ought to follow by now."""
    with open_lake(settings) as con:
        yield con, wanted_by(settings, con)


def wanted_by(settings: Settings, con: Connection) -> Graph:
    """The models that the lake of `settings` ought to follow by now. Raises ModelError if one of them is refused."""
    with closing(Registry(settings.schema_registry_url)) as registry:
        return wanted_graph(con, registry)


def is_up_to_date(settings: Settings) -> bool:
    """Whether nothing is to be built, by a look that changes nothing and costs little."""
    return read_kept(settings, lambda con: find_plan(con, wanted_by(settings, con))) is None


def tools_of(
    settings: Settings,
    leases: Leases,
    on_slice: Callable[[Built], None] = lambda built: None,
) -> Tools:
    """The tools for the lake of `settings`."""
    return Tools(leases, Limits.of(settings), outboxes(settings), on_slice)


def find_plan(con: Connection, checkout: Graph) -> Plan | None:
    """The plan that leads from the live tables to `checkout`; None if nothing is to be built. Changes nothing."""
    live, readers = live_graph(con), stored_readers(con)
    newest = newest_readers(checkout)
    changes = table_changes(live, readers, checkout, newest)
    names = tables_to_build(live, checkout, changes)
    if not names:
        return None
    levels = {item.level for item in changes}
    topics = [
        [model.topic for model in (checkout[name],) if model.kind == "staging"]
        or (
            [item.topic for item in checkout.staging_of(checkout[name].family)]
            if checkout[name].is_stored
            else []
        )
        for name in names
    ]
    read = {name for group in topics for name in group}
    events = sum(_staged(con, name) for name in read)
    decoded = sum(_staged(con, checkout[name].topic) for name in names if checkout[name].kind == "staging")
    return Plan(
        plan_id=_id(live, readers, checkout, newest),
        level="breaking" if "breaking" in levels else "additive",
        state="proposed",
        tables=tuple(name for name in checkout.models if name in names),
        changes=changes_as_json([item for item in changes if item.level != "none"]),
        schemas=_versions(readers, newest),
        events=events,
        bytes=_bytes(con, [topic(name).staging_table for name in read]),
        seconds=round(decoded / _STAGING_ROWS_PER_SECOND + events / _FAMILY_ROWS_PER_SECOND, 1),
    )


def propose(con: Connection, checkout: Graph) -> Plan | None:
    """Find the plan and keep it; what is kept by now, with its state, if it was found before."""
    plan = find_plan(con, checkout)
    if plan is None:
        return None
    add_plan(con, plan)
    return read_plan(con, plan.plan_id)


def tables_to_build(live: Graph, checkout: Graph, changes: Collection[TableChange]) -> set[str]:
    """Staging tables that changed, whole families of which a stored table changed, and views that changed.

    Tables of a family are one set, at one cut, and so are rebuilt together.
    """
    changed = {item.table for item in changes if item.must_be_built}
    families = {checkout[name].family for name in changed if checkout[name].is_stored}
    return changed | {model.name for model in checkout.market if model.family in families and model.family}


def carry_out(con: Connection, checkout: Graph, plan: Plan, tools: Tools) -> Plan:
    """Build, audit and swap in what `plan` says; the plan as it ended.

    Killed or stopped at any instant, the next call goes on from the last slice; what another call carries out at
    this time is waited for. Raises SettingsError if `plan` is not the one that `checkout` leads to any more, or waits
    for approval; an error of the build is noted in it.
    """
    if (done := _swapped(con, checkout, plan)) is not None:
        return done
    _runnable(con, checkout, plan)
    with tools.leases.hold(PLAN_LEASE):
        if (done := _swapped(con, checkout, plan)) is not None:
            return done
        now = _runnable(con, checkout, plan)
        try:
            return _build_and_swap(con, checkout, now, tools)
        except LedgerConflict:
            raise  # others were quicker, and nothing is wrong with the plan: the next call goes on
        except (ProptechError, *FAULTS) as error:
            noted = read_plan(con, plan.plan_id) or plan
            set_state(con, plan.plan_id, "failed", {**noted.report, "error": str(error)})
            raise


def approve(con: Connection, checkout: Graph, plan: Plan) -> None:
    """Let `plan` be carried out, or carried out again.

    Raises SettingsError unless it is the one that `checkout` leads to.
    """
    now = propose(con, checkout)
    if now is None or now.plan_id != plan.plan_id:
        raise SettingsError(
            f"Plan {plan.plan_id[:8]} is {plan.state}, and the models and schemas do not lead to it any more.",
            "look at `proptech plan show` for what is to be built.",
        )
    if not now.may_run:
        set_state(con, plan.plan_id, "approved")


def _runnable(con: Connection, checkout: Graph, plan: Plan) -> Plan:
    """`plan` as it is kept now. Raises SettingsError if it may not be carried out."""
    now = propose(con, checkout)
    if now is None or now.plan_id != plan.plan_id:
        raise SettingsError(
            "The models or schemas have changed since this plan.", "look at `proptech plan show`."
        )
    if not now.may_run:
        raise SettingsError(
            f"Plan {plan.plan_id[:8]} is {now.state} and {now.level}.",
            f"approve it: `proptech plan approve {plan.plan_id[:8]}`.",
        )
    return now


def _swapped(con: Connection, checkout: Graph, plan: Plan) -> Plan | None:
    """`plan` as it is kept, if it is carried out."""
    kept = read_plan(con, plan.plan_id)
    is_done = kept is not None and kept.state == "swapped" and find_plan(con, checkout) is None
    return kept if is_done else None


def _build_and_swap(con: Connection, checkout: Graph, plan: Plan, tools: Tools) -> Plan:
    set_state(con, plan.plan_id, "building")
    building.begin(con, checkout, plan.tables)
    former = plan.report.get("audit", {})
    if not _tables_beyond(con, pin(con)) <= former.keys():
        building.drop_building(con)
        building.begin(con, checkout, plan.tables)
    to = approach(con, tools.limits, pin, tools.on_slice)
    audited = {name: former[name] for name in _tables_beyond(con, to)}
    report = audit(con, live_graph(con), shadow_graph(con), to.version, plan.changes, audited)
    set_state(con, plan.plan_id, "building", report)
    approach(con, tools.limits, pin_head, tools.on_slice)

    def note(change: str) -> None:
        write_state(con, plan.plan_id, "swapped", {**report, "swapped": json.loads(change)})

    swap(con, tools.leases, tools.limits, unpublished_by(con, tools.outboxes), note)
    return read_plan(con, plan.plan_id) or plan


def _tables_beyond(con: Connection, live: Pin) -> set[str]:
    """Tables that are built further than the `live` ones of their names: that comes after their audit."""
    shadow, writers, names = shadow_graph(con), beyond(con, live), live_graph(con).models
    families = [family for family in building.building_families(shadow) if shadow.writer(family) in writers]
    return {model.name for family in families for model in shadow.stored(family) if model.name in names}


def _id(live: Graph, readers: Mapping[str, str], checkout: Graph, newest: Mapping[str, str]) -> str:
    generations = {model.name: model.generation for model in live.models.values()}
    content = [generations, fingerprints(live, readers), fingerprints(checkout, newest)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _versions(readers: Mapping[str, str], newest: Mapping[str, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for item in INPUT_TOPICS:
        versions = schema_versions(item.name)
        before, after = readers.get(item.name), newest.get(item.name)
        if before is not None and after is not None and before != after:
            known = versions.index(before) + 1 if before in versions else 0
            found[item.subject] = [known, versions.index(after) + 1 if after in versions else 0]
    return found


def _staged(con: Connection, name: str) -> int:
    return scalar(con, "select coalesce(sum(staged), 0) from log_ranges where topic = ?", [name])


def _bytes(con: Connection, tables: Collection[str]) -> int:
    names = ", ".join(f"'{name}'" for name in tables)
    return scalar(
        con,
        "select coalesce(sum(file_size_bytes), 0) from ducklake_table_info('lake') "
        f"where table_name in ({names or 'null'})",
    )
