"""One `up` or `down` at a time."""

import signal
import subprocess
import sys

import pytest

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services.lock import exclusive

HOLD = """
import sys, time
from pathlib import Path
from proptech_pipelines.services.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_one_is_told_who_is_at_work(tmp_path, holder):
    with (
        pytest.raises(ServiceError, match=rf"\(pid {holder.pid}\) is at work in") as caught,
        exclusive(tmp_path),
    ):
        pass
    assert caught.value.do == "wait until it is done, then run the command again."


def test_a_killed_holder_leaves_it_free(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with exclusive(tmp_path):
        pass


def test_it_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with exclusive(tmp_path):
            pass
