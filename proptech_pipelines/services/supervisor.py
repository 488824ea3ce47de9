"""Bring a home folder up and down. No process stays behind to watch: `up` again starts what is missing."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services.dagster_config import write_config
from proptech_pipelines.services.lock import exclusive
from proptech_pipelines.services.plan import Plan, Wanted
from proptech_pipelines.services.progress import Progress
from proptech_pipelines.services.schemas_setup import register_schemas
from proptech_pipelines.services.service import Service
from proptech_pipelines.services.topics_setup import create_topics
from proptech_pipelines.settings import Settings

LEAST_FREE_BYTES = 2 << 30


@dataclass(frozen=True)
class UpReport:
    """What `up` did: titles of the services that it started, that ran already, and that it stopped."""

    plan: Plan
    started: list[str]
    running: list[str]
    stopped: list[str]
    topics_created: list[str]


def up(home: Path, wanted: Wanted, progress: Progress, prepare_lake: Callable[[Settings], None]) -> UpReport:
    """Start everything that is missing, each service once the ones before it answer; stop what is wanted no more.

    `prepare_lake` is called once catalog and cluster answer, before anything that reads or writes the lake.
    Raises ServiceError (PortTaken, DownloadFailed), IncompatibleSchema or RegistryUnavailable; what this call
    started is stopped then, what ran before goes on.
    """
    home = home.expanduser().absolute()
    _require_space(home)
    with exclusive(home):
        plan = Plan(home, wanted, progress)
        report = UpReport(plan, [], [], [], [])
        with _undo_on_failure(progress) as started:
            for service in (plan.postgres, plan.broker, plan.registry):
                if service is not None:
                    _bring_up(service, report, started, progress)
            _prepare_cluster(report, progress)
            plan.store()
            if any(server.members() for server in plan.replaced()):
                # They hold connections to what is to be stopped.
                for service in (plan.simulator, plan.daemon, plan.webserver, plan.code):
                    service.stop()
            with progress.step("Preparing the lake"):
                prepare_lake(plan.settings)
            if plan.with_dagster:
                _bring_up_dagster(report, started, progress)
            if plan.with_simulator:
                if plan.simulator.has_another_rate():
                    plan.simulator.stop()
                _bring_up(plan.simulator, report, started, progress)
        for service in reversed(plan.unwanted()):
            if service.members():
                _stop(service, report.stopped, progress)
        return report


def down(home: Path, progress: Progress) -> list[str]:
    """Stop every service of `home`, last started first; returns the titles of those that ran."""
    home = home.expanduser().absolute()
    stopped: list[str] = []
    if not home.exists():
        return stopped
    with exclusive(home):
        plan = Plan(home)
        for service in reversed(plan.services()):
            # One that was killed still ends its runs in an orderly way, which the code server would not.
            if service.members() or (service is plan.daemon and plan.code.run_workers()):
                _stop(service, stopped, progress)
    return stopped


def _stop(service: Service, stopped: list[str], progress: Progress) -> None:
    with progress.step(f"Stopping {service.title}"):
        service.stop()
    stopped.append(service.title)
    progress.done(f"{service.title} stopped")


def _bring_up(service: Service, report: UpReport, started: list[Service], progress: Progress) -> None:
    if service.process() is not None and service.is_ready():
        report.running.append(service.title)
        return
    begun = time.monotonic()
    with progress.step(f"Starting {service.title}"):
        started.append(service)
        service.start()
    report.started.append(service.title)
    progress.done(f"{service.title} is up ({time.monotonic() - begun:.1f} s)")


def _bring_up_dagster(report: UpReport, started: list[Service], progress: Progress) -> None:
    plan = report.plan
    write_config(plan.settings.home, plan.dagster_dsn, plan.code)
    if plan.code.process() is None:
        _end_dagster(plan)
    _bring_up(plan.code, report, started, progress)
    _bring_up(plan.webserver, report, started, progress)
    try:
        plan.webserver.require_definitions()
    except ServiceError:
        if plan.code in started:
            raise
        # It ran already: its inner server was killed, or what it could not load is mended by now.
        _end_dagster(plan)
        _bring_up(plan.code, report, started, progress)
        _bring_up(plan.webserver, report, started, progress)
        plan.webserver.require_definitions()
    if plan.daemon.process() is None and not plan.code.run_workers():
        plan.webserver.mark_abandoned_runs()
    _bring_up(plan.daemon, report, started, progress)


def _end_dagster(plan: Plan) -> None:
    """End all of Dagster, runs included: its others remember that they could not reach a code server that is gone."""
    for service in (plan.daemon, plan.webserver, plan.code):
        service.kill()


def _prepare_cluster(report: UpReport, progress: Progress) -> None:
    settings = report.plan.settings
    with progress.step("Creating topics"):
        report.topics_created.extend(create_topics(settings))
    with progress.step("Registering schemas"):
        register_schemas(settings.schema_registry_url)


@contextmanager
def _undo_on_failure(progress: Progress) -> Iterator[list[Service]]:
    """Collects what was started; an error or an interrupt stops it again, last first."""
    started: list[Service] = []
    try:
        yield started
    except BaseException:
        for service in reversed(started):
            with progress.step(f"Stopping {service.title} again"):
                service.stop()
        raise


def _require_space(home: Path) -> None:
    folder = next(item for item in (home, *home.parents) if item.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise ServiceError(
            f"The disk of {home} has {free / (1 << 30):.1f} GiB free; at least 2 GiB are needed to start.",
            "free some space, or choose another folder with --home.",
            free_bytes=free,
        )
