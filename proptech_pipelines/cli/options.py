"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from proptech_pipelines.errors import SettingsError


def _known_topic(name: str | None) -> str | None:
    from proptech_pipelines.contracts.topics import INPUT_TOPICS  # noqa: PLC0415

    names = [topic.name for topic in INPUT_TOPICS]
    if name is not None and name not in names:
        raise SettingsError(f"There is no input topic {name}.", f"name one of {', '.join(names)}.")
    return name


Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="Folder of everything that survives; default: $PROPTECH_HOME, else ~/.proptech.",
        show_default=False,
    ),
]
TopicName = Annotated[
    str | None, typer.Option("--topic", help="Of this input topic only.", callback=_known_topic)
]
