"""The Apicurio registry under Confluent's API, its state in an H2 file, on the loopback address alone."""

import urllib.error
import urllib.request
from typing import ClassVar

from proptech_pipelines.services.artifacts import registry_folder
from proptech_pipelines.services.java import JAVA_ENVIRONMENT, JavaService, java_command
from proptech_pipelines.services.ports import HOST, require_free
from proptech_pipelines.services.process import Command

MAX_HEAP_MIB = 256


class SchemaRegistry(JavaService):
    """A schema registry with its data in `<home>/registry`."""

    name: ClassVar[str] = "registry"
    title: ClassVar[str] = "The schema registry"

    @property
    def url(self) -> str:
        """The address for clients of Confluent's registry API."""
        return f"http://{HOST}:{self.port}/apis/ccompat/v7"

    def prepare(self) -> None:
        """Have the program and the data folder."""
        self._program = registry_folder(self._progress)
        self._folder.mkdir(parents=True, exist_ok=True)

    def check_ports(self) -> None:
        """Raise PortTaken for the clients' or the management port."""
        require_free(self.port, self.title)
        require_free(self._ports.get("registry_management"), "the schema registry's management")

    def command(self) -> Command:
        """The registry's Quarkus runner, configured by its environment, in its folder."""
        options = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # starts sooner, stays smaller
        argv = java_command(
            "-jar", str(self._program / "quarkus-run.jar"), max_heap_mib=MAX_HEAP_MIB, properties=options
        )
        environment = {
            **JAVA_ENVIRONMENT,
            "QUARKUS_HTTP_HOST": HOST,
            "QUARKUS_HTTP_PORT": str(self.port),
            "QUARKUS_MANAGEMENT_HOST": HOST,
            "QUARKUS_MANAGEMENT_PORT": str(self._ports.get("registry_management")),
            "QUARKUS_LOG_LEVEL": "WARN",
            "QUARKUS_HTTP_ACCESS_LOG_ENABLED": "false",
            "APICURIO_STORAGE_KIND": "sql",
            "APICURIO_STORAGE_SQL_KIND": "h2",
            # A semicolon in the way to the folder would end the path.
            "APICURIO_DATASOURCE_URL": "jdbc:h2:file:./schemas",
        }
        return Command(argv, environment, cwd=self._folder)

    def is_ready(self) -> bool:
        """Whether the registry lists its subjects."""
        if not self.listens(self.port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/subjects", timeout=5) as response:
                return response.status == 200
        except (OSError, urllib.error.URLError):
            return False
