"""Kafka and the registry, downloaded on first use into a cache that many home folders share.

An artifact appears under its final name only when it is whole and its checksum is right: it is fetched and
unpacked under a temporary name, then renamed. What a kill left behind is removed by the next attempt.
"""

import fcntl
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from proptech_pipelines.errors import DownloadFailed
from proptech_pipelines.services.progress import Progress
from proptech_pipelines.settings import cache_folder

KAFKA_VERSION = "4.4.0"
REGISTRY_VERSION = "3.3.3"
_LOG4J_VERSION = "2.25.5"  # the one that this Kafka asks for; without the bridge to it Kafka logs nothing
_KAFKA_SHA256 = "98d35db37b03cc7124f6a6cce2220db914d744805087e99974d45472339a3ad0"
"""Over the lines `<jar name> <its sha256>`, sorted."""
_REGISTRY_SHA256 = "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63"


def kafka_jars(progress: Progress) -> Path:
    """The folder of Kafka's jars (43 MB, downloaded on first use). Raises DownloadFailed."""
    return _installed(f"kafka-{KAFKA_VERSION}", progress, _fetch_kafka)


def registry_folder(progress: Progress) -> Path:
    """The folder of the Apicurio registry (158 MB, downloaded on first use). Raises DownloadFailed."""
    return _installed(f"apicurio-registry-{REGISTRY_VERSION}", progress, _fetch_registry)


def _installed(name: str, progress: Progress, fetch: Callable[[Path, Progress], Path]) -> Path:
    target = cache_folder() / name
    if target.is_dir():
        return target
    try:
        with _staging(target) as staging:
            if not target.is_dir():  # another process may have been first
                whole = fetch(staging, progress)
                os.sync()  # a power cut after the rename must not leave empty jars
                whole.rename(target)
    except (OSError, RuntimeError, ValueError, tarfile.TarError) as error:  # requests' errors are OSErrors
        raise DownloadFailed(
            f"{name} could not be downloaded into {target.parent}: {error}",
            "check the network (HTTPS_PROXY is honoured) and the disk, and run the command again;"
            " nothing half-done is left.",
            artifact=name,
        ) from error
    return target


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A fresh folder beside `target`, for one process at a time, removed at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in target.parent.glob(f"{target.name}.part-*"):
            shutil.rmtree(leftover)
        staging = Path(tempfile.mkdtemp(prefix=f"{target.name}.part-", dir=target.parent))
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _fetch_kafka(staging: Path, progress: Progress) -> Path:
    from jgo.env import EnvironmentBuilder, LinkStrategy  # noqa: PLC0415 - slow to import, needed once
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415

    with progress.step(f"Downloading Apache Kafka {KAFKA_VERSION}"):
        resolver = PythonResolver(progress_callback=progress.download)
        context = MavenContext(repo_cache=staging / "repository", resolver=resolver)
        builder = EnvironmentBuilder(context, cache_dir=staging / "env", link_strategy=LinkStrategy.COPY)
        environment = builder.from_endpoint(f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}")
        # Fetched by itself: as a part of the endpoint its parent would choose the version of Kafka's clients.
        bridge = context.project("org.apache.logging.log4j", "log4j-slf4j-impl").at_version(_LOG4J_VERSION)
        bridge_jar = bridge.artifact().resolve()
    jars = staging / "jars"
    jars.mkdir()
    for jar in (*environment.all_jars, bridge_jar):
        shutil.copyfile(jar, jars / jar.name)
    lines = [f"{jar.name} {_sha256(jar)}\n" for jar in sorted(jars.iterdir())]
    _verify(hashlib.sha256("".join(lines).encode()).hexdigest(), _KAFKA_SHA256)
    return jars


def _fetch_registry(staging: Path, progress: Progress) -> Path:
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - slow to import, needed once

    resolver = PythonResolver(progress_callback=progress.download)
    context = MavenContext(repo_cache=staging / "repository", resolver=resolver)
    component = context.project("io.apicurio", "apicurio-registry-app").at_version(REGISTRY_VERSION)
    archive = component.artifact("all", "tar.gz").resolve()
    unpacked = staging / "unpacked"
    with progress.step(f"Unpacking the registry {REGISTRY_VERSION}"):
        _verify(_sha256(archive), _REGISTRY_SHA256)
        with tarfile.open(archive) as tar:
            # Python 3.11.2 and 3.11.3 know no filters; what is unpacked has the checksum of the release.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(unpacked)
    return unpacked


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verify(actual: str, expected: str) -> None:
    if actual != expected:
        message = f"the checksum is {actual}, not {expected}"
        raise ValueError(message)
