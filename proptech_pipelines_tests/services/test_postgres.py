"""PostgreSQL on a socket alone, started again after every kind of end."""

import os
import signal

import psutil
import psycopg2
import pytest

from proptech_pipelines.services.postgres import PostgresServer
from proptech_pipelines.services.process import end


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = PostgresServer(tmp_path_factory.mktemp("own") / 'J. O\'Neil "ö"')
    running.start()
    yield running
    running.stop()


def ask(server: PostgresServer, query: str, database: str = "proptech") -> list[tuple[object, ...]]:
    connection = psycopg2.connect(server.dsn(database))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_both_databases_are_there(server):
    rows = ask(server, "select datname from pg_database where not datistemplate order by 1")
    assert rows == [("dagster",), ("postgres",), ("proptech",)]


def test_no_process_of_it_listens_on_a_network_address(server):
    assert len(server.members()) > 1
    assert [
        process.net_connections("inet") for process in server.members() if process.net_connections("inet")
    ] == []


def test_only_its_user_may_use_the_socket(server):
    assert oct((server.socket_folder / ".s.PGSQL.5432").stat().st_mode)[-3:] == "700"


def test_committed_rows_survive_a_killed_postmaster(server):
    ask(server, "create table kept (a int)")
    ask(server, "insert into kept values (1), (2)")
    end([server.process()], signal.SIGKILL, 5)
    server.start()
    assert ask(server, "select a from kept order by a") == [(1,), (2,)]


def test_a_pid_file_left_behind_that_names_another_process_is_no_obstacle(server):
    server.stop()
    stale = server.home / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getppid()}\n{stale.parent}\n1\n5432\n\n\n 1 1\nready\n")
    server.start()
    assert server.is_ready()


def test_stop_ends_every_process_though_clients_are_connected(server):
    connection = psycopg2.connect(server.dsn())
    server.stop()
    assert [item for item in psutil.process_iter() if item in server.members()] == []
    with pytest.raises(psycopg2.OperationalError):
        connection.cursor().execute("select 1")
    connection.close()
    server.start()


def test_a_long_path_moves_the_socket_to_a_short_one(tmp_path):
    deep = PostgresServer(tmp_path / ("x" * 80) / ("y" * 80))
    assert len(str(deep.socket_folder / ".s.PGSQL.5432")) < 108
    assert deep.socket_folder != PostgresServer(tmp_path / ("x" * 80) / ("z" * 80)).socket_folder
    deep.start()
    deep.stop()
