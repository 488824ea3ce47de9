"""All settings in one frozen value; the only place that reads the environment.

Where a value comes from, first match wins: an environment variable `PROPTECH_<NAME>`, the file
`settings.json` in the home folder (written by `proptech up`), the default below.
"""

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from proptech_pipelines.errors import SettingsError

HOUR_MS = 3_600_000
_ENV_PREFIX = "PROPTECH_"
_NOT_STORED = {"home"}


@dataclass(frozen=True)
class Settings:
    """Everything that can be set. Durations and sizes bear their unit in the name."""

    home: Path
    """Folder of everything that survives: Kafka's log, PostgreSQL, the lake's files, Dagster's history."""
    bootstrap_servers: str = ""
    """Kafka, as `host:port[,host:port]`. Empty until `proptech up` has started one or was given one."""
    schema_registry_url: str = ""
    """Confluent-compatible registry, for example `http://127.0.0.1:8081/apis/ccompat/v7`."""
    catalog: str = ""
    """PostgreSQL of the lake's catalog and Dagster's storage, as a libpq string `host=... port=... dbname=...`."""
    kafka_config: dict[str, str] = field(default_factory=dict[str, str])
    """Further client settings under librdkafka's own names (`security.protocol`, `sasl.username`, ...)."""
    data_path: str = ""
    """Folder of the lake's Parquet files; empty means `<home>/lake`."""
    max_ahead_ms: int = 24 * HOUR_MS
    """A record whose event time is further past its own Kafka timestamp is a dead letter."""
    idle_timeout_ms: int = 60_000
    """A partition silent for so long, while others of its topic moved on, no longer holds finality back."""
    max_string_bytes: int = 32_768
    """A record with a longer string or bytes field is a dead letter."""
    max_batch_records: int = 200_000
    """Most records of one micro-batch."""
    commit_interval_ms: int = 700
    """While following, a micro-batch is committed no more often than this."""
    approve_breaking: bool = False
    """Whether a plan that changes existing rows or columns is carried out without anybody's approval."""
    follow_seconds: int = 3_600
    """How long one stream run follows the log before its successor takes over."""

    @property
    def lake_path(self) -> Path:
        """Where the lake's Parquet files are."""
        return Path(self.data_path) if self.data_path else self.home / "lake"

    @classmethod
    def load(cls, home: Path | str | None = None) -> Self:
        """Read the settings of `home` (default: `$PROPTECH_HOME`, else `~/.proptech`).

        Raises SettingsError for a file or a variable that cannot be read as what it should be.
        """
        chosen = home or os.environ.get("PROPTECH_HOME") or Path.home() / ".proptech"
        root = Path(chosen).expanduser().absolute()
        stored = _read_file(root / "settings.json")
        values: dict[str, Any] = {}
        for item in fields(cls):
            if item.name == "home":
                continue
            raw = os.environ.get(_ENV_PREFIX + item.name.upper())
            if raw is not None:
                values[item.name] = _parse(item.name, item.type, raw)
            elif item.name in stored:
                values[item.name] = stored[item.name]
        return cls(home=root, **values)

    def store(self) -> None:
        """Write `settings.json` whole or not at all, readable by its owner only (it may hold secrets)."""
        self.home.mkdir(parents=True, exist_ok=True)
        values = {name: value for name, value in asdict(self).items() if name not in _NOT_STORED}
        temporary = self.home / "settings.json.new"
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(values, indent=2) + "\n")
        temporary.replace(self.home / "settings.json")


def environment_for(home: Path) -> dict[str, str]:
    """The environment of a child process that works on `home`: no telemetry, our home, Dagster's home."""
    return {
        **os.environ,
        "PROPTECH_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
    }


def cache_folder() -> Path:
    """Where downloads are kept for all home folders: `$PROPTECH_CACHE`, else `proptech` in the user's cache."""
    if chosen := os.environ.get("PROPTECH_CACHE"):
        return Path(chosen).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proptech"


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text())
    except ValueError as error:
        raise SettingsError(
            f"{path} is not valid JSON ({error}).", "mend or delete the file, then run `proptech up` again."
        ) from error
    known = {item.name for item in fields(Settings)} - _NOT_STORED
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(f"{path} holds unknown settings: {', '.join(unknown)}.", "remove them.")
    return values


def _parse(name: str, kind: Any, raw: str) -> Any:
    try:
        if kind is int:
            return int(raw)
        if kind is str:
            return raw
        if kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[raw.lower()]
        return json.loads(raw)
    except (ValueError, KeyError) as error:
        raise SettingsError(
            f"{_ENV_PREFIX}{name.upper()}={raw!r} is not a {getattr(kind, '__name__', 'JSON value')}.",
            "correct or unset the variable.",
        ) from error
