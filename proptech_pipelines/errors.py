"""Every error that the platform raises on purpose, each with what an operator should do.

ProptechError
├── SettingsError            a setting is missing or makes no sense
├── ServiceError             an embedded service could not be started or reached
│   ├── PortTaken            another process holds the port
│   ├── DownloadFailed       an artifact could not be had on the first run
│   └── LakeMissing          the catalog answers and holds no lake yet
├── ContractError            a schema or a record breaks its contract
│   ├── IncompatibleSchema   a schema cannot be read as the table needs it
│   ├── SchemaNotAvro        a registered schema is no Avro schema
│   ├── RowsRefused          the SQL of a staging model fails on some rows (they are dead letters)
│   └── RegistryUnavailable  the schema registry does not answer (wait and try again)
├── LogError                 the broker and our position do not agree
│   ├── OffsetGap            retention took records that were not yet consumed
│   └── OffsetRegression     a partition ends before our position
├── DeliveryFailed           a record could not be delivered to Kafka
├── LedgerConflict           another writer moved the head first (plan again)
└── ModelError               a SQL model is outside what the engine can keep right
    └── FamilyHalted         a family of models failed twice and waits to be mended
"""

from typing import Any

from proptech_pipelines.redaction import redacted


class ProptechError(Exception):
    """Base of all errors raised on purpose.

    The text says what happened, with names and numbers and without passwords, then `Do: ...`. Keyword arguments are
    kept as attributes, and an error survives pickling between processes.
    """

    def __init__(self, message: str, do: str = "", **data: Any) -> None:
        message = redacted(message)
        super().__init__(f"{message} Do: {do}" if do else message)
        self.message = message
        self.do = do
        self.data = data

    def __getattr__(self, name: str) -> Any:
        data = self.__dict__.get("data", {})
        if name in data:
            return data[name]
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.do, self.data)


def _rebuild(kind: type[ProptechError], message: str, do: str, data: dict[str, Any]) -> ProptechError:
    return kind(message, do, **data)


class SettingsError(ProptechError):
    """A setting is missing or makes no sense."""


class ServiceError(ProptechError):
    """An embedded service could not be started or reached."""


class PortTaken(ServiceError):
    """Another process holds the port."""


class DownloadFailed(ServiceError):
    """An artifact could not be had on the first run."""


class LakeMissing(ServiceError):
    """The catalog answers and holds no lake yet."""


class ContractError(ProptechError):
    """A schema or a record breaks its contract."""


class IncompatibleSchema(ContractError):
    """A schema cannot be read as the table needs it."""


class SchemaNotAvro(ContractError):
    """A registered schema is no Avro schema, so nothing written with it can be read."""


class RowsRefused(ContractError):
    """The SQL of a staging model fails on some rows; `messages` says why, by topic id, partition and offset."""


class RegistryUnavailable(ContractError):
    """The schema registry does not answer; no record is at fault."""


class LogError(ProptechError):
    """The broker and our position do not agree."""


class OffsetGap(LogError):
    """Retention took records that were not yet consumed."""


class OffsetRegression(LogError):
    """A partition ends before our position although it is the same topic."""


class DeliveryFailed(ProptechError):
    """A record could not be delivered to Kafka."""


class LedgerConflict(ProptechError):
    """Another writer moved the head first; plan again from a fresh snapshot."""


class ModelError(ProptechError):
    """A SQL model is outside what the engine can keep right."""


class FamilyHalted(ModelError):
    """A family of models failed twice and waits to be mended."""
