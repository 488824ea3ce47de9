"""What one home folder runs: which services are embedded, in which order they start, where each is found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from proptech_pipelines.services.broker import KafkaBroker
from proptech_pipelines.services.dagster_code import DagsterCode
from proptech_pipelines.services.dagster_daemon import DagsterDaemon
from proptech_pipelines.services.dagster_webserver import DagsterWebserver
from proptech_pipelines.services.postgres import DAGSTER_DATABASE, PostgresServer
from proptech_pipelines.services.progress import Progress, Quiet
from proptech_pipelines.services.schema_registry import SchemaRegistry
from proptech_pipelines.services.service import Service
from proptech_pipelines.services.simulator import Simulator
from proptech_pipelines.settings import Settings

KAFKA_PORT = 9092
REGISTRY_PORT = 8081
DAGSTER_PORT = 3000


@dataclass(frozen=True)
class Wanted:
    """What a person asked for. An empty address means: as remembered in the home folder, else embedded."""

    bootstrap_servers: str = ""
    schema_registry_url: str = ""
    catalog: str = ""
    kafka_config: Mapping[str, str] = field(default_factory=dict[str, str])
    simulator: bool | None = None
    """None: only on an embedded Kafka, so that nobody's own cluster is filled with simulated events."""
    events_per_second: int = 200
    dagster: bool = True


class Plan:
    """The services of `home` and the settings that lead to them.

    `postgres`, `broker` and `registry` are None where a server of one's own stands in.
    """

    def __init__(self, home: Path, wanted: Wanted | None = None, progress: Progress | None = None) -> None:
        wanted, progress = wanted or Wanted(), progress or Quiet()
        self._embedded = _Embedded(home, progress)
        self.settings = self._embedded.settings(wanted)
        self.postgres = self._embedded.postgres if self._is_embedded("catalog") else None
        self.broker = self._embedded.broker if self._is_embedded("bootstrap_servers") else None
        self.registry = self._embedded.registry if self._is_embedded("schema_registry_url") else None
        # A server of one's own may not let us make a database, so Dagster shares the one that was given.
        self.dagster_dsn = self.postgres.dsn(DAGSTER_DATABASE) if self.postgres else self.settings.catalog
        self.code = DagsterCode(home)
        self.webserver = DagsterWebserver(home, self.code, DAGSTER_PORT)
        self.daemon = DagsterDaemon(home, self.dagster_dsn, self.code, self.webserver)
        self.simulator = Simulator(home, wanted.events_per_second)
        self.with_dagster = wanted.dagster
        self.with_simulator = wanted.simulator if wanted.simulator is not None else self.broker is not None

    def services(self) -> list[Service]:
        """Every service that may run here, in starting order."""
        embedded = [item for item in (self.postgres, self.broker, self.registry) if item is not None]
        return [*embedded, self.code, self.webserver, self.daemon, self.simulator]

    def store(self) -> None:
        """Write `settings.json`, and which of its addresses were ours."""
        self.settings.store()
        self._embedded.store()

    def _is_embedded(self, name: str) -> bool:
        return getattr(self.settings, name) == self._embedded.addresses()[name]


class _Embedded:
    """The embedded servers of a home folder, and the addresses that they had at the last `up`.

    Those tell a remembered address of ours, whose port was changed in `ports.json`, from one's own server.
    """

    def __init__(self, home: Path, progress: Progress) -> None:
        self.postgres = PostgresServer(home)
        self.broker = KafkaBroker(home, KAFKA_PORT, progress)
        self.registry = SchemaRegistry(home, REGISTRY_PORT, progress)
        self._loaded = Settings.load(home)
        self._file = home / "embedded.json"
        self._before: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def addresses(self) -> dict[str, str]:
        """The addresses of the embedded servers, under the names of the settings."""
        return {
            "bootstrap_servers": self.broker.bootstrap_servers,
            "schema_registry_url": self.registry.url,
            "catalog": self.postgres.dsn(),
        }

    def settings(self, wanted: Wanted) -> Settings:
        """The settings of the home folder: what was asked for, else remembered, else embedded."""
        chosen: dict[str, str] = {}
        for name, ours in self.addresses().items():
            value = getattr(wanted, name) or getattr(self._loaded, name)
            chosen[name] = ours if value in ("", self._before.get(name)) else value
        return replace(
            self._loaded, kafka_config={**self._loaded.kafka_config, **wanted.kafka_config}, **chosen
        )

    def store(self) -> None:
        """Remember the addresses."""
        self._file.write_text(json.dumps(self.addresses(), indent=2) + "\n")
