"""A service is started once, found again after any loss, and ended whole."""

import json
import signal
import socket
import sys
import time
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services.process import Command, PidFile, end, log_tail, marked, spawn
from proptech_pipelines.services.service import Service

CHILD = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
TOUCH_AND_WAIT = f"{CHILD}; open('ready', 'w').close(); import time; time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {TOUCH_AND_WAIT}"


class Sleeper(Service):
    """A program that makes a file when it is ready and has a child of its own."""

    name: ClassVar[str] = "sleeper"
    title: ClassVar[str] = "The sleeper"
    start_timeout_s: ClassVar[float] = 2.0
    stop_timeout_s: ClassVar[float] = 0.5

    def __init__(self, home: Path, program: str = TOUCH_AND_WAIT) -> None:
        super().__init__(home)
        self.program = program

    def prepare(self) -> None:
        (self.home / "ready").unlink(missing_ok=True)

    def command(self) -> Command:
        return Command((sys.executable, "-c", self.program))

    def is_ready(self) -> bool:
        return self.process() is not None and (self.home / "ready").exists()


@pytest.fixture
def sleeper(tmp_path):
    service = Sleeper(tmp_path)
    service.start()
    yield service
    service.kill()


def pids(service: Service) -> list[int]:
    return [item.pid for item in service.members()]


def test_start_of_a_running_service_changes_nothing(sleeper):
    before = pids(sleeper)
    Sleeper(sleeper.home).start()
    assert (len(before), pids(sleeper)) == (2, before)


def test_it_leads_a_session_of_its_own_and_writes_its_log(sleeper):
    first = sleeper.process()
    recorded = json.loads((sleeper.home / "run" / "sleeper.pid").read_text())
    assert recorded == {"pid": first.pid, "create_time": first.create_time()}
    assert first.environ()["PROPTECH_HOME"] == str(sleeper.home)
    assert (sleeper.home / "logs" / "sleeper.log").exists()


def test_it_is_found_when_its_pid_file_is_lost(sleeper):
    first = sleeper.process()
    sleeper.pid_file.remove()
    assert Sleeper(sleeper.home).process() == first


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 999999999, "create_time": 1.0}'])
def test_a_broken_pid_file_names_no_process(tmp_path, content):
    (tmp_path / "x.pid").write_text(content)
    assert PidFile(tmp_path / "x.pid").process() is None


def test_a_reused_pid_is_not_taken_for_the_service(tmp_path):
    own = psutil.Process()
    file = PidFile(tmp_path / "x.pid")
    file.write(own.pid)
    assert file.process() == own
    file.path.write_text(json.dumps({"pid": own.pid, "create_time": own.create_time() - 60}))
    assert file.process() is None


def test_stop_ends_its_children_too(sleeper):
    sleeper.stop()
    assert (pids(sleeper), sleeper.process(), sleeper.pid_file.path.exists()) == ([], None, False)


def test_what_ignores_the_signal_is_killed(tmp_path):
    stubborn = Sleeper(tmp_path, STUBBORN)
    stubborn.start()
    begun = time.monotonic()
    stubborn.stop()
    assert pids(stubborn) == []
    assert time.monotonic() - begun < 8


def test_orphans_of_a_killed_process_go_before_it_starts_again(sleeper):
    first, orphan = sleeper.process(), pids(sleeper)[1]
    end([first], signal.SIGKILL, 5)
    assert pids(sleeper) == [orphan]
    sleeper.start()
    assert orphan not in pids(sleeper)
    assert sleeper.process().pid != first.pid


def test_the_services_of_two_homes_are_told_apart(sleeper, tmp_path):
    other = Sleeper(tmp_path / "other")
    assert other.process() is None
    other.start()
    other.stop()
    assert len(pids(sleeper)) == 2


def test_one_that_ends_at_once_shows_the_end_of_its_log(tmp_path):
    broken = Sleeper(tmp_path, "print('one'); raise SystemExit('the disk is on fire')")
    with pytest.raises(ServiceError, match="The sleeper ended before it answered") as caught:
        broken.start()
    assert caught.value.message.splitlines()[-2:] == ["one", "the disk is on fire"]
    assert caught.value.do.startswith("read the log above")
    assert marked(tmp_path, "sleeper") == []


def test_a_port_counts_only_when_the_service_itself_listens(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        service = Sleeper(tmp_path)
        service.start()
        assert not service.listens(port)
        service.kill()
    own = "import socket; s = socket.create_server(('127.0.0.1', 0)); open('port', 'w').write(str(s.getsockname()[1]));"
    listener = Sleeper(tmp_path, own + TOUCH_AND_WAIT)
    listener.start()
    assert listener.listens(int((tmp_path / "port").read_text()))
    listener.kill()


def test_one_that_never_answers_is_ended(tmp_path):
    mute = Sleeper(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(ServiceError, match="did not answer within 2 s, twice"):
        mute.start()
    assert marked(tmp_path, "sleeper") == []


def test_one_that_hangs_is_started_anew_once(tmp_path):
    once = "import os, time; hangs = not os.path.exists('tried'); open('tried', 'w').close(); hangs and time.sleep(60);"
    hanging = Sleeper(tmp_path, once + TOUCH_AND_WAIT)
    hanging.start()
    assert len(pids(hanging)) == 2
    hanging.kill()


def test_a_large_log_is_set_aside(tmp_path):
    log = tmp_path / "x.log"
    log.write_bytes(b"x" * ((10 << 20) + 1))
    pid = spawn(Command((sys.executable, "-c", "print('new')")), tmp_path, "writer", log)
    psutil.Process(pid).wait(10)
    assert (log_tail(log), (tmp_path / "x.log.1").stat().st_size) == ("new", (10 << 20) + 1)


def test_the_tail_of_a_log_is_its_last_lines(tmp_path):
    log = tmp_path / "x.log"
    assert log_tail(log) == ""
    log.write_text("".join(f"{number}\n" for number in range(10_000)))
    assert log_tail(log, 2) == "9998\n9999"
