"""What one home folder runs: which services are embedded, in which order they start, where each is found."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self, cast

from proptech_pipelines.files import write_whole
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
EVENTS_PER_SECOND = 200
_SIMULATOR_FILE = "simulator.json"


@dataclass(frozen=True)
class Wanted:
    """What a person asked for. An empty address means: as remembered in the home folder, else embedded."""

    bootstrap_servers: str = ""
    schema_registry_url: str = ""
    catalog: str = ""
    kafka_config: Mapping[str, str] = field(default_factory=dict[str, str])
    simulator: bool | None = None
    """None: on an embedded Kafka unless it was refused; nobody's own cluster is filled unless that is asked for."""
    events_per_second: int | None = None
    """None: as remembered, else 200."""
    dagster: bool = True


class Plan:
    """The services of `home` and the settings that lead to them.

    `postgres`, `broker` and `registry` are None where a server of one's own stands in.
    """

    def __init__(self, home: Path, wanted: Wanted | None = None, progress: Progress | None = None) -> None:
        wanted, progress = wanted or Wanted(), progress or Quiet()
        self._embedded = _Embedded(home, wanted, progress)
        self.settings = self._embedded.settings()
        self.postgres = self._embedded.postgres if self._is_embedded("catalog") else None
        self.broker = self._embedded.broker if self._is_embedded("bootstrap_servers") else None
        self.registry = self._embedded.registry if self._is_embedded("schema_registry_url") else None
        # A server of one's own may not let us make a database, so Dagster shares the one that was given.
        self.dagster_dsn = self.postgres.dsn(DAGSTER_DATABASE) if self.postgres else self.settings.catalog
        self.code = DagsterCode(home)
        self.webserver = DagsterWebserver(home, self.code, DAGSTER_PORT)
        self.daemon = DagsterDaemon(home, self.dagster_dsn, self.code, self.webserver)
        self._choice = _SimulatorChoice.of(home, wanted)
        self.simulator = Simulator(home, self._choice.events_per_second)
        self.with_dagster = wanted.dagster
        self.with_simulator = self._choice.runs is not False and (
            self.broker is not None or wanted.simulator is True
        )

    def services(self) -> list[Service]:
        """Every service that may run here, in starting order; also an embedded one that one's own stands in for now."""
        embedded = (self._embedded.postgres, self._embedded.broker, self._embedded.registry)
        return [*embedded, self.code, self.webserver, self.daemon, self.simulator]

    def unwanted(self) -> list[Service]:
        """Those that are not to run by this plan, in starting order."""
        dagster = () if self.with_dagster else (self.code, self.webserver, self.daemon)
        simulator = () if self.with_simulator else (self.simulator,)
        return [*self.replaced(), *dagster, *simulator]

    def replaced(self) -> list[Service]:
        """The embedded servers that servers of one's own took the place of, for good: what a variable says may pass."""
        return [
            server for name, server in self._embedded.servers().items() if self._embedded.is_replaced(name)
        ]

    def store(self) -> None:
        """Write `settings.json`, and which of its addresses were ours. What a variable said is not remembered."""
        self._embedded.store(self.settings)
        self._choice.store(self.settings.home)

    def _is_embedded(self, name: str) -> bool:
        return getattr(self.settings, name) == self._embedded.addresses()[name]


class _Embedded:
    """The embedded servers of a home folder, and the addresses that they had at the last `up`.

    Those tell a remembered address of ours, whose port was changed in `ports.json`, from one's own server.
    """

    def __init__(self, home: Path, wanted: Wanted, progress: Progress) -> None:
        self._wanted = wanted
        self.postgres = PostgresServer(home)
        self.broker = KafkaBroker(home, KAFKA_PORT, progress)
        self.registry = SchemaRegistry(home, REGISTRY_PORT, progress)
        self._loaded = Settings.load(home)
        self._file = home / "embedded.json"
        self._stored = Settings.stored(home)
        self._before = _read(self._file)

    def servers(self) -> dict[str, Service]:
        """The servers in starting order, under the names of the settings."""
        return {
            "catalog": self.postgres,
            "bootstrap_servers": self.broker,
            "schema_registry_url": self.registry,
        }

    def is_replaced(self, name: str) -> bool:
        """Whether an address of one's own is asked for or remembered."""
        value = getattr(self._wanted, name) or getattr(self._stored, name)
        return value not in ("", self._before.get(name), self.addresses()[name])

    def addresses(self) -> dict[str, str]:
        """The addresses of the embedded servers, under the names of the settings."""
        return {
            "bootstrap_servers": self.broker.bootstrap_servers,
            "schema_registry_url": self.registry.url,
            "catalog": self.postgres.dsn(),
        }

    def settings(self) -> Settings:
        """The settings of the home folder: what was asked for, else remembered, else embedded."""
        chosen: dict[str, str] = {}
        for name, ours in self.addresses().items():
            value = getattr(self._wanted, name) or getattr(self._loaded, name)
            chosen[name] = ours if value in ("", self._before.get(name)) else value
        kafka_config = {**self._loaded.kafka_config, **self._wanted.kafka_config}
        return replace(self._loaded, kafka_config=kafka_config, **chosen)

    def store(self, settings: Settings) -> None:
        """Remember the addresses of `settings`, but for those that a variable gave, and what was asked for."""
        addresses = {
            name: getattr(settings, name)
            for name in self.addresses()
            if getattr(self._wanted, name) or getattr(self._loaded, name) == getattr(self._stored, name)
        }
        kafka_config = {**self._stored.kafka_config, **self._wanted.kafka_config}
        replace(self._stored, kafka_config=kafka_config, **addresses).store()
        write_whole(self._file, json.dumps(self.addresses(), indent=2) + "\n")


@dataclass(frozen=True)
class _SimulatorChoice:
    """Whether the simulator is to run (None: on an embedded Kafka) and at which rate, kept in `simulator.json`."""

    runs: bool | None
    events_per_second: int

    @classmethod
    def of(cls, home: Path, wanted: Wanted) -> Self:
        kept = _read(home / _SIMULATOR_FILE)
        runs, rate = kept.get("runs"), kept.get("events_per_second")
        if wanted.simulator is not None:
            runs = wanted.simulator
        rate = wanted.events_per_second or (rate if isinstance(rate, int) and rate > 0 else EVENTS_PER_SECOND)
        return cls(runs if isinstance(runs, bool) else None, rate)

    def store(self, home: Path) -> None:
        write_whole(home / _SIMULATOR_FILE, json.dumps(asdict(self), indent=2) + "\n")


def _read(path: Path) -> dict[str, Any]:
    """What `path` holds; nothing where it cannot be read, as after a full disk: the next `up` writes it again."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
