"""Dagster's processes: on sockets and the loopback address, and no run left in a state that is not so."""

import signal
import stat
import time
from contextlib import closing
from types import SimpleNamespace

import dagster as dg
import psutil
import psycopg2
import pytest

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services import supervisor
from proptech_pipelines.services.dagster_code import DagsterCode
from proptech_pipelines.services.dagster_config import sqlalchemy_url, write_config
from proptech_pipelines.services.dagster_daemon import DagsterDaemon
from proptech_pipelines.services.dagster_webserver import DagsterWebserver
from proptech_pipelines.services.process import end
from proptech_pipelines.services.progress import Quiet
from proptech_pipelines.services.supervisor import UpReport

TOY = "proptech_pipelines_tests.services.toy_definitions"
RUNS = "query { runsOrError { ... on Runs { results { runId status } } } }"


@pytest.mark.parametrize(
    ("dsn", "url"),
    [
        (
            "host=/run/a port=5432 user=postgres dbname=dagster",
            "postgresql+psycopg2:///dagster?user=postgres&host=/run/a&port=5432",
        ),
        (
            "host=db.example password='p w&d' dbname='my db'",
            "postgresql+psycopg2:///my%20db?password=p%20w%26d&host=db.example",
        ),
        ("host=db", "postgresql+psycopg2:///postgres?host=db"),
    ],
)
def test_the_address_for_dagster_names_its_driver(dsn, url):
    assert sqlalchemy_url(dsn) == url


def test_the_configuration_is_its_owner_s_alone(tmp_path):
    write_config(tmp_path, "host=db password=secret dbname=d", DagsterCode(tmp_path))
    file = tmp_path / "dagster" / "dagster.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "postgresql+psycopg2:///d?password=secret&host=db" in file.read_text()


def test_dagster_s_storage_keeps_its_connections(postgres, tmp_path):
    postgres.create_database("kept")
    write_config(tmp_path, postgres.dsn("kept"), DagsterCode(tmp_path))

    def connected() -> set[int]:
        with closing(psycopg2.connect(postgres.dsn("dagster"))) as connection, connection.cursor() as cursor:
            cursor.execute("select pid from pg_stat_activity where datname = 'kept'")
            return {pid for (pid,) in cursor.fetchall()}

    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        assert instance.get_runs() == []
        kept = connected()
        assert kept
        for _ in range(3):
            instance.get_runs()
            assert connected() == kept


@pytest.fixture(scope="module")
def dagster(postgres, tmp_path_factory):
    home = tmp_path_factory.mktemp("dagster-home")
    postgres.create_database("toy")
    code = DagsterCode(home, TOY)
    write_config(home, postgres.dsn("toy"), code)
    webserver = DagsterWebserver(home, code)
    daemon = DagsterDaemon(home, postgres.dsn("toy"), code, webserver)
    for service in (code, webserver, daemon):
        service.start()
    yield code, webserver, daemon
    for service in (daemon, webserver, code):
        service.kill()


def statuses(webserver: DagsterWebserver) -> dict[str, str]:
    found = webserver._graphql(RUNS, {})["runsOrError"]["results"]
    return {item["runId"]: item["status"] for item in found}


def started(webserver: DagsterWebserver) -> str:
    """The run that the sensor has started, once it runs."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        running = [name for name, status in statuses(webserver).items() if status == "STARTED"]
        if running:
            return running[0]
        time.sleep(0.2)
    pytest.fail(f"no run started: {statuses(webserver)}")


@pytest.mark.long
def test_only_the_webserver_listens_and_only_on_loopback(dagster):
    listening = [
        (service.name, item.laddr.ip, item.laddr.port)
        for service in dagster
        for process in service.members()
        for item in process.net_connections("inet")
        if item.status == psutil.CONN_LISTEN
    ]
    assert listening == [("dagster_webserver", "127.0.0.1", dagster[1].port)]


@pytest.mark.long
def test_definitions_that_do_not_load_are_an_error(dagster, postgres, tmp_path):
    dagster[1].require_definitions()
    code = DagsterCode(tmp_path, "proptech_pipelines_tests.services.not_there")
    write_config(tmp_path, postgres.dsn("toy"), code)
    webserver = DagsterWebserver(tmp_path, code)
    try:
        code.start()
        webserver.start()
        with pytest.raises(ServiceError, match=r"Dagster cannot load .*not_there: .*No module named"):
            webserver.require_definitions()
    finally:
        webserver.kill()
        code.kill()


@pytest.mark.long
@pytest.mark.parametrize("which", ["the code server", "its inner server"])
def test_up_mends_dagster_where_its_code_server_alone_was_killed(dagster, which):
    code, webserver, daemon = dagster
    run = started(webserver)
    servers = [item for item in code.members() if "grpc" in " ".join(item.cmdline())]
    end(servers if which == "its inner server" else code.members(), signal.SIGKILL, 10)
    time.sleep(15)  # by then the webserver has given it up
    plan = SimpleNamespace(
        settings=SimpleNamespace(home=code.home),
        dagster_dsn=daemon._dsn,
        code=code,
        webserver=webserver,
        daemon=daemon,
    )
    report = UpReport(plan, [], [], [], [])
    supervisor._bring_up_dagster(report, [], Quiet())
    assert report.started == [code.title, webserver.title, daemon.title]
    assert statuses(webserver)[run] == "CANCELED"
    assert started(webserver) != run


@pytest.mark.long
def test_a_run_that_a_kill_took_away_is_marked_and_one_that_is_stopped_ends_as_canceled(dagster):
    code, webserver, daemon = dagster
    first = started(webserver)
    before = statuses(webserver)
    end([*daemon.members(), *code.members()], signal.SIGKILL, 10)
    assert statuses(webserver) == before
    code.start()
    assert webserver.mark_abandoned_runs() == [first]
    assert statuses(webserver) == {**before, first: "CANCELED"}
    daemon.start()
    second = started(webserver)
    daemon.stop()
    assert daemon.members() == code.run_workers() == []
    assert statuses(webserver) == {**before, first: "CANCELED", second: "CANCELED"}
