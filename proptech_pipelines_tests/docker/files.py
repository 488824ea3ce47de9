"""The container files as values."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docker"
_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")


def compose() -> dict[str, Any]:
    """compose.yaml with anchors resolved and every `${NAME:-default}` at its default."""
    text = (FOLDER / "compose.yaml").read_text()
    return json.loads(_VARIABLE.sub(r"\1", json.dumps(yaml.safe_load(text))).replace("$$", "$"))


def services() -> dict[str, dict[str, Any]]:
    """The services by name."""
    return compose()["services"]


def dockerfile() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile: name and arguments, continued lines joined."""
    text = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], " ".join(line.split()[1:])) for line in lines]
