"""The schema registry, asked for the texts of schemas: an answer, "there is none", or RegistryUnavailable.

The registry's silence is never a fault of a record, and neither is a wrong address: only an answer that a
registry of schemas would give says that a schema does not exist. Calls give up after a few seconds and one
retry, because the caller waits and asks again.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from proptech_pipelines.contracts.storable import json_storable
from proptech_pipelines.contracts.wire import SchemaKey
from proptech_pipelines.errors import IncompatibleSchema, RegistryUnavailable, SettingsError

TIMEOUT_SECONDS = 5
_PATIENCE = {"timeout": TIMEOUT_SECONDS, "max.retries": 1, "retries.wait.ms": 100}
_NOT_FOUND = 404
_NO_SUCH_SCHEMA = range(40400, 40500)
_REFUSED = {409, 422}

T = TypeVar("T")


class Registry:
    """A Confluent-compatible registry at `url`, which may name several of one cluster, joined by commas.

    `config` holds further settings under SchemaRegistryClient's own names (`basic.auth.user.info`,
    `ssl.ca.location`, ...). Texts are remembered, since an id never changes its meaning; absence is not.
    """

    def __init__(self, url: str, config: Mapping[str, str] | None = None) -> None:
        """Raises SettingsError for an address that is none."""
        self._url = url
        try:
            self._client = SchemaRegistryClient({**_PATIENCE, **(config or {}), "url": url})
        except ValueError as error:
            raise SettingsError(
                f"The address of the schema registry, {url!r}, is none: {error}.",
                "run `proptech up`, or give --schema-registry-url or PROPTECH_SCHEMA_REGISTRY_URL.",
            ) from error

    def close(self) -> None:
        """Close the connections; the registry is of no use afterwards."""
        self._client.close()

    def schema(self, key: SchemaKey) -> str | None:
        """The text of the schema of an id or a GUID; None where the registry says that there is none.

        Raises RegistryUnavailable.
        """
        return self.schema_by_id(key) if isinstance(key, int) else self.schema_by_guid(key)

    def schema_by_id(self, schema_id: int) -> str | None:
        """The text of schema `schema_id`, references put in; None where there is none."""
        return self._text(lambda form: self._client.get_schema(schema_id, fmt=form))

    def schema_by_guid(self, guid: str) -> str | None:
        """The text of the schema with GUID `guid`, references put in; None where there is none.

        A registry that knows no GUIDs at all has no such schema.
        """
        return self._text(lambda form: self._client.get_schema_by_guid(guid, fmt=form))

    def latest(self, subject: str) -> str | None:
        """The text of the newest version of `subject`, references put in; None where there is no subject."""
        return self._text(lambda form: self._client.get_latest_version(subject, fmt=form).schema)

    def versions(self, subject: str) -> dict[int, str]:
        """The texts of all versions of `subject` by number, oldest first; none where there is no subject.

        Raises RegistryUnavailable.
        """
        numbers = self._ask(lambda: self._client.get_versions(subject)) or []
        texts = {
            number: self._text(
                lambda form, number=number: self._client.get_version(subject, number, fmt=form).schema
            )
            for number in sorted(numbers)
        }
        return {number: text for number, text in texts.items() if text is not None}

    def register(self, subject: str, text: str) -> int:
        """Register an Avro schema and return its id; the same text again gives the same id.

        Raises IncompatibleSchema in the registry's own words, or RegistryUnavailable.
        """
        try:
            found: object = self._client.register_schema(subject, Schema(text, "AVRO"))
            if not isinstance(found, int):
                raise ValueError("its answer holds no id")
            return found
        except SchemaRegistryError as error:
            if error.http_status_code not in _REFUSED:
                raise self._unavailable(error) from error
            raise IncompatibleSchema(
                f"The registry does not take the schema of {subject}: {error.error_message}",
                "change the schema so that it fits its earlier versions, or use a new topic.",
                subject=subject,
            ) from error
        except Exception as error:
            raise self._unavailable(error) from error

    def _text(self, get: Callable[[str | None], Schema | None]) -> str | None:
        """What `get` finds, asked for again in the form "resolved" where it refers to other schemas."""
        self._client.clear_latest_caches()
        schema = self._ask(lambda: _held(get(None)))
        if schema is not None and schema.references:
            self._client.clear_caches()
            schema = self._ask(lambda: _held(get("resolved")))
        # Half of a surrogate pair is no text.
        return schema and json_storable((schema.schema_str or "").encode(errors="replace").decode())

    def _ask(self, call: Callable[[], T]) -> T | None:
        """The answer, or None for "not found"."""
        try:
            return call()
        except SchemaRegistryError as error:
            if error.error_code in _NO_SUCH_SCHEMA:
                return None
            if error.http_status_code == _NOT_FOUND and self._is_registry():
                return None
            raise self._unavailable(error) from error
        except (
            Exception
        ) as error:  # the client lets through whatever its HTTP library or a strange body raises
            raise self._unavailable(error) from error

    def _is_registry(self) -> bool:
        """Whether the address is a registry's, so that its "not found" can be believed."""
        try:
            return "AVRO" in self._client.get_schema_types()
        except Exception:
            return False

    def _unavailable(self, error: Exception) -> RegistryUnavailable:
        return RegistryUnavailable(
            f"The schema registry at {self._url} gives no answer: {error or type(error).__name__}",
            "start it, or correct its address; records wait meanwhile.",
        )


def _held(schema: Schema | None) -> Schema:
    """`schema`, unless it is what the client makes of an answer that is none of a registry's."""
    text: object = schema and schema.schema_str
    if schema is None or not isinstance(text, str) or not text:
        raise ValueError("its answer holds no schema")
    return schema
