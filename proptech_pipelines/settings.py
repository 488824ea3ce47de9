"""All settings in one frozen value; the only place that reads the environment.

Where a value comes from, first match wins: an environment variable `PROPTECH_<NAME>`, the file
`settings.json` in the home folder (written by `proptech up`), the default below.
"""

import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, cast

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.files import write_whole

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
        stored = cls.stored(home)
        values = {
            item.name: _parse(variable, item.type, raw)
            for item in fields(cls)
            if item.name not in _NOT_STORED
            and (raw := os.environ.get(variable := _ENV_PREFIX + item.name.upper())) is not None
        }
        return replace(stored, **values)

    @classmethod
    def stored(cls, home: Path | str | None = None) -> Self:
        """The same without variables: what the file of `home` says. Raises SettingsError."""
        chosen = home or os.environ.get("PROPTECH_HOME") or Path.home() / ".proptech"
        root = Path(chosen).expanduser().absolute()
        return cls(home=root, **_read_file(root / "settings.json"))

    def store(self) -> None:
        """Write `settings.json` whole or not at all, readable by its owner only (it may hold secrets).

        What is as by default is left out, so that a default of a later release reaches this home folder.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        default = asdict(type(self)(self.home))
        values = {name: value for name, value in asdict(self).items() if value != default[name]}
        write_whole(self.home / "settings.json", json.dumps(values, indent=2) + "\n", is_private=True)


def environment_for(home: Path) -> dict[str, str]:
    """The environment of a child process that works on `home`: no telemetry, our home, Dagster's home."""
    return {
        **os.environ,
        "PROPTECH_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
    }


def environment_of_file(home: Path) -> dict[str, str]:
    """The same, without the variables that would win over the settings.json of `home`."""
    named = {_ENV_PREFIX + item.name.upper() for item in fields(Settings)} - {"PROPTECH_HOME"}
    return {name: value for name, value in environment_for(home).items() if name not in named}


def cache_folder() -> Path:
    """Where downloads are kept for all home folders: `$PROPTECH_CACHE`, else `proptech` in the user's cache."""
    if chosen := os.environ.get("PROPTECH_CACHE"):
        return Path(chosen).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proptech"


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values: Any = json.loads(path.read_text())
    except ValueError as error:
        raise SettingsError(
            f"{path} is not valid JSON ({error}).", "mend or delete the file, then run `proptech up` again."
        ) from error
    if not isinstance(values, dict):
        raise SettingsError(f"{path} holds no JSON object.", "mend or delete the file.")
    kinds = {item.name: item.type for item in fields(Settings) if item.name not in _NOT_STORED}
    given = cast("dict[str, Any]", values)
    if unknown := sorted(set(given) - kinds.keys()):
        raise SettingsError(f"{path} holds unknown settings: {', '.join(unknown)}.", "remove them.")
    return {name: _checked(f"{name} in {path}", kinds[name], value) for name, value in given.items()}


def _parse(variable: str, kind: Any, raw: str) -> Any:
    try:
        if kind is int:
            return int(raw)
        if kind is str:
            return raw
        if kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[raw.lower()]
        return _checked(variable, kind, json.loads(raw))
    except (ValueError, KeyError) as error:
        raise _wrong(variable, kind) from error


def _checked(what: str, kind: Any, value: Any) -> Any:
    """`value` of a JSON text, if it is of the setting's type."""
    if kind in (int, str, bool):
        if type(value) is not kind:
            raise _wrong(what, kind)
        return value
    given = cast("dict[str, Any]", value if isinstance(value, dict) else {"": value})
    if not isinstance(value, dict) or not all(isinstance(item, str | int | float) for item in given.values()):
        raise _wrong(what, kind)
    return {name: item if isinstance(item, str) else json.dumps(item) for name, item in given.items()}


def _wrong(what: str, kind: Any) -> SettingsError:
    # Without the value, which may hold a secret.
    wanted = {int: "a whole number", str: "a text", bool: "true or false"}.get(kind, "a JSON object of texts")
    return SettingsError(f"{what} is not {wanted}.", "correct it, or take it out.")
