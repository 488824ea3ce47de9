"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="Folder of everything that survives; default: $PROPTECH_HOME, else ~/.proptech.",
        show_default=False,
    ),
]
