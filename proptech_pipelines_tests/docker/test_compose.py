"""compose.yaml and Dockerfile: by the Compose specification, and by what the platform needs of them."""

import json
from dataclasses import fields

import pytest
import yaml
from compose_spec import PyCompose

from proptech_pipelines.contracts.topics import RETENTION_MS, SEGMENT_BYTES
from proptech_pipelines.services.artifacts import KAFKA_VERSION, REGISTRY_VERSION
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.docker.files import FOLDER, ROOT, compose, dockerfile, services

OURS = [name for name, service in services().items() if service["image"] == "proptech-pipelines"]
RUN_ON = [name for name in services() if name not in {"setup", "simulator"}]


def parsed(document: dict) -> PyCompose:
    """`document` by the Compose specification. Raises ValueError for what that does not allow."""
    found = PyCompose.from_json(json.dumps(document))
    found._inner.validate()
    return found


def test_compose_file_keeps_to_the_specification():
    assert parsed(compose())._inner.service_names() == [
        *["kafka", "registry", "postgres", "setup"],
        *["dagster-code", "dagster-webserver", "dagster-daemon", "simulator"],
    ]


@pytest.mark.parametrize(
    ("service", "change"),
    [
        ("kafka", {"imagee": "apache/kafka"}),
        ("kafka", {"restart": "sometimes"}),
        ("kafka", {"networks": ["elsewhere"]}),
        ("setup", {"depends_on": {"kafka": {"condition": "service_well"}}}),
        ("postgres", {"healthcheck": {"test": ["CMD", "true"], "interval": "5 moons"}}),
    ],
)
def test_the_check_sees_what_the_specification_does_not_allow(service, change):
    document = compose()
    document["services"][service] |= change
    with pytest.raises(ValueError, match=r".+"):
        parsed(document)


def test_images_are_those_of_the_embedded_servers():
    images = {name: service["image"] for name, service in services().items() if name not in OURS}
    assert images == {
        "kafka": f"apache/kafka:{KAFKA_VERSION}",
        "registry": f"apicurio/apicurio-registry:{REGISTRY_VERSION}",
        "postgres": "postgres:16",
    }


def test_only_loopback_ports_are_published():
    published = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert published == {
        "kafka": ["127.0.0.1:9092:9092"],
        "registry": ["127.0.0.1:8081:8080"],
        "dagster-webserver": ["127.0.0.1:3000:3000"],
    }


def test_kafka_keeps_records_as_long_as_the_topics_say():
    kafka = services()["kafka"]["environment"]
    assert int(kafka["KAFKA_LOG_RETENTION_HOURS"]) * 3_600_000 == RETENTION_MS
    assert int(kafka["KAFKA_LOG_SEGMENT_BYTES"]) == SEGMENT_BYTES


def test_what_runs_on_has_a_health_check_and_is_waited_for_by_it():
    assert [name for name in RUN_ON if "healthcheck" not in services()[name]] == []
    for name, service in services().items():
        for other, link in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other == "setup" else "service_healthy"
            assert link["condition"] == wanted, f"{name} -> {other}"


def test_data_lies_in_named_volumes():
    document = compose()
    used = {volume.split(":")[0] for service in services().values() for volume in service.get("volumes", ())}
    assert {name for name in used if not name.startswith(".")} == set(document["volumes"])
    assert [name for name in used if name.startswith(".") and not (FOLDER / name).exists()] == []


def test_settings_come_from_variables_that_the_platform_knows(monkeypatch, tmp_path):
    known = {item.name for item in fields(Settings)}
    for name in OURS:
        variables = services()[name]["environment"]
        ours = {key for key in variables if key.startswith("PROPTECH_")}
        assert {key.removeprefix("PROPTECH_").lower() for key in ours} <= known
        for key, value in variables.items():
            monkeypatch.setenv(key, value)
    settings = Settings.load(tmp_path)
    assert settings.bootstrap_servers == "kafka:19092"
    assert settings.schema_registry_url == "http://registry:8080/apis/ccompat/v7"
    assert "dbname=proptech" in settings.catalog


def test_image_runs_as_a_user_without_rights_and_is_installed_in_place():
    steps = dockerfile()
    assert steps[0] == ("FROM", "python:3.11-slim")
    assert [arguments for name, arguments in steps if name == "USER"] == ["proptech"]
    assert "pip install --no-cache-dir -c constraints.txt -e ." in [
        value for name, value in steps if name == "RUN"
    ]


def test_image_carries_what_it_copies_and_dagster_needs():
    copied = [word for name, words in dockerfile() if name == "COPY" for word in words.split()[:-1]]
    assert [word for word in copied if not (ROOT / word).exists()] == []
    assert {"pyproject.toml", "workspace.yaml", "constraints.txt", "docker/dagster.yaml"} <= set(copied)
    allowed = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    assert [word for word in copied if f"!{word}" not in allowed] == []


def test_workspace_leads_to_the_code_server():
    (entry,) = yaml.safe_load((FOLDER / "workspace.yaml").read_text())["load_from"]
    server = entry["grpc_server"]
    command = services()["dagster-code"]["command"]
    assert server["host"] in services()
    assert command[command.index("-p") + 1] == str(server["port"])
