"""Services that are Python programs of this package or of Dagster, run by the interpreter that runs us."""

import sys
from pathlib import Path

import proptech_pipelines
from proptech_pipelines.services.process import Command
from proptech_pipelines.services.service import Service

SOURCE_ROOT = Path(str(proptech_pipelines.__file__)).parents[1]
"""The folder from which the package imports, in a checkout as when installed."""


class PythonService(Service):
    """A service started with `python -m`."""

    def python(self, *arguments: str) -> Command:
        """`python -m <arguments>`, able to import the package."""
        return Command((sys.executable, "-m", *arguments), cwd=SOURCE_ROOT)
