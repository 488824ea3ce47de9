"""Makes the tables of an empty lake from an exported log: replays the log, then brings every family on."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import STREAM, Leases, family_lease
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.pipeline.build import build_family
from proptech_pipelines.pipeline.log_files import ExportedLog
from proptech_pipelines.pipeline.log_replay import KINDS, Imported, Replay, Report
from proptech_pipelines.publishing.outbox import Outbox
from proptech_pipelines.settings import Settings


def import_log(
    settings: Settings,
    folder: Path,
    registered: Sequence[Outbox] = (),
    report: Report = lambda what, done, end: None,
) -> Imported:
    """Take the log in `folder` into the lake, bring all families on, and mark what follows as published.

    The lake is empty, or stands at a transaction of that log: where an earlier import was killed, or where an export
    with `since` begins. Raises SettingsError if it does not, or if the export is damaged or cannot be repeated here.
    """
    exported = ExportedLog(folder)
    unknown = set(exported.manifest["control_kinds"]) - KINDS
    if unknown:
        raise SettingsError(
            f"{folder} holds entries that this version cannot repeat: {', '.join(sorted(unknown))}.",
            "import it with the version that wrote it.",
        )
    exported.check_files()
    with ExitStack() as stack:
        leases = stack.enter_context(Leases(settings))
        con = stack.enter_context(open_lake(settings))
        # A running stream hands over to whoever waits.
        stack.enter_context(leases.hold(STREAM))
        replay = Replay(con, leases, exported)
        replay.run(report)
        _advance_families(con, leases, report)
        _mark_published(con, registered)
    return replay.imported


def _advance_families(con: Connection, leases: Leases, report: Report) -> None:
    """Bring every family to the head of the log, slice by slice."""
    graph, end = live_graph(con), head(con, INGEST)
    for family in graph.families:
        with leases.hold(family_lease(family)):
            for built in build_family(con, graph, family, end):
                report(family, built.input_commit, end)


def _mark_published(con: Connection, registered: Sequence[Outbox]) -> None:
    """What was imported had been published, if at all, by the lake that it came from."""
    for outbox in registered:
        con.execute(
            "insert into published values (?, ?, 0, now() at time zone 'UTC')",
            [outbox.name, head(con, outbox.writer)],
        )
