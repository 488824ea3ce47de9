"""The schemas that the platform needs, in any registry: each subject checked against all its versions."""

import json
import re
from importlib import resources

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from proptech_pipelines.contracts.topics import schema_versions
from proptech_pipelines.errors import IncompatibleSchema, RegistryUnavailable

COMPATIBILITY = "FULL_TRANSITIVE"
_CONFLICT = 409
_FIELD_PATH = re.compile(r"/fields/(\d+)")


def register_schemas(url: str) -> dict[str, int]:
    """Register every version of every schema of `contracts/schemas`; returns subject -> newest id.

    Registering again changes nothing. Raises IncompatibleSchema naming the field, or RegistryUnavailable.
    """
    folders = resources.files("proptech_pipelines.contracts") / "schemas"
    names = sorted(item.name for item in folders.iterdir() if item.is_dir())
    return {
        f"{name}-value": [register_schema(url, f"{name}-value", text) for text in schema_versions(name)][-1]
        for name in names
    }


def register_schema(url: str, subject: str, text: str) -> int:
    """Register the Avro schema `text` under `subject`, made FULL_TRANSITIVE, and return its id.

    Raises IncompatibleSchema naming the field, or RegistryUnavailable.
    """
    try:
        with SchemaRegistryClient({"url": url, "max.retries": 0}) as client:
            client.set_compatibility(subject, COMPATIBILITY)
            try:
                return client.register_schema(subject, Schema(text, "AVRO"))
            except SchemaRegistryError as error:
                if error.http_status_code != _CONFLICT:
                    raise
                former = client.get_latest_version(subject).schema.schema_str or "{}"
                raise _incompatible(subject, text, former, error.error_message) from error
    except IncompatibleSchema:
        raise
    except Exception as error:  # the client passes on whatever its HTTP library raises
        raise RegistryUnavailable(
            f"The schema registry at {url} did not take {subject}: {error}",
            "check that the registry runs and that the address ends in its Confluent-compatible path.",
            subject=subject,
        ) from error


def _incompatible(subject: str, text: str, former: str, reason: str) -> IncompatibleSchema:
    fields = _fields_at_fault(text, former, reason)
    named = f"Field {', '.join(fields)}: " if fields else ""
    return IncompatibleSchema(
        f"The schema of {subject} is not {COMPATIBILITY} with its earlier versions. {named}{reason}",
        "only add fields with a default or remove fields with a default; for anything else use a new topic.",
        subject=subject,
        fields=fields,
    )


def _fields_at_fault(text: str, former: str, reason: str) -> list[str]:
    """The names at the places (`/fields/2`) that the registry's reason gives.

    A place may count in the new or in the former schema. Where they differ there, a name that the reason
    spells out wins, else both are given.
    """
    found: list[str] = []
    schemas = [json.loads(item).get("fields", []) for item in (text, former)]
    for place in _FIELD_PATH.findall(reason):
        both = [fields[int(place)]["name"] for fields in schemas if int(place) < len(fields)]
        spelled = [name for name in both if re.search(rf"\b{re.escape(name)} at /fields/{place}\b", reason)]
        found += spelled or both
    return list(dict.fromkeys(found))
