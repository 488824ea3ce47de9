"""Apache Kafka in KRaft mode: one process that is broker and controller, on the loopback address alone."""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import ClassVar

from proptech_pipelines.contracts.topics import RETENTION_MS, SEGMENT_BYTES
from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services.artifacts import kafka_jars
from proptech_pipelines.services.java import JAVA_ENVIRONMENT, JavaService, java_command
from proptech_pipelines.services.ports import HOST, require_free
from proptech_pipelines.services.process import Command
from proptech_pipelines.settings import environment_for

MAX_HEAP_MIB = 768
_PROPERTIES_FILE = "server.properties"
_LOGGING_FILE = "log4j2.properties"

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
log.dirs={log_dir}
log.retention.ms={retention_ms}
log.segment.bytes={segment_bytes}
log.message.timestamp.type=CreateTime
auto.create.topics.enable=false
num.partitions=3
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.recovery.threads.per.data.dir=2
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
"""
_LOGGING = """\
rootLogger.level=WARN
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
logger.lifecycle.name=kafka.server.KafkaRaftServer
logger.lifecycle.level=INFO
"""


class KafkaBroker(JavaService):
    """Kafka with its data in `<home>/kafka/data`. Topics are never created by use; see `topics_setup`."""

    name: ClassVar[str] = "kafka"
    title: ClassVar[str] = "Apache Kafka"

    @property
    def bootstrap_servers(self) -> str:
        """The address as clients write it."""
        return f"{HOST}:{self.port}"

    def prepare(self) -> None:
        """Write the configuration and, the first time, format the log folder whole or not at all."""
        self._jars = kafka_jars(self._progress)
        data = self._folder / "data"
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / _LOGGING_FILE).write_text(_LOGGING)
        self._write_properties(_PROPERTIES_FILE, data.name)
        if not data.exists():
            self._format(data)

    def check_ports(self) -> None:
        """Raise PortTaken for the clients' or the controller's port."""
        require_free(self.port, self.title)
        require_free(self._ports.get("kafka_controller"), "Kafka's controller")

    def command(self) -> Command:
        """`kafka.Kafka` on the written configuration, in its folder."""
        return Command(self._java("kafka.Kafka", _PROPERTIES_FILE), JAVA_ENVIRONMENT, cwd=self._folder)

    def is_ready(self) -> bool:
        """Whether the broker serves metadata."""
        if not self.listens(self.port):
            return False
        from proptech_pipelines.services.topics_setup import broker_answers  # noqa: PLC0415 - slow import

        return broker_answers(self.bootstrap_servers)

    def _format(self, data: Path) -> None:
        unfinished = self._folder / "data.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        properties = self._write_properties("format.properties", unfinished.name)
        arguments = ("format", "--standalone", f"--cluster-id={_new_cluster_id()}", "-c", properties.name)
        done = subprocess.run(
            self._java("kafka.tools.StorageTool", *arguments),
            env={**environment_for(self.home), **JAVA_ENVIRONMENT},
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServiceError(
                f"Kafka's log folder {data} could not be formatted: {done.stdout}{done.stderr}",
                "check that the home folder can be written, then run `proptech up` again.",
            )
        properties.unlink()
        unfinished.rename(data)

    def _java(self, *arguments: str) -> tuple[str, ...]:
        logging = f"-Dlog4j2.configurationFile={_LOGGING_FILE}"
        # The second compiler takes half a core for the first minutes, and saves nothing that shows at this size.
        options = (logging, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        return java_command(*arguments, max_heap_mib=MAX_HEAP_MIB, properties=options, class_path=self._jars)

    def _write_properties(self, name: str, log_dir: str) -> Path:
        """`log_dir` is relative to the folder: Kafka takes no comma in a path, and properties are Latin-1."""
        path = self._folder / name
        text = _PROPERTIES.format(
            host=HOST,
            port=self.port,
            controller_port=self._ports.get("kafka_controller"),
            log_dir=log_dir,
            retention_ms=RETENTION_MS,
            segment_bytes=SEGMENT_BYTES,
        )
        path.write_text(text)
        return path


def _new_cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
