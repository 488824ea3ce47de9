"""The command line: `proptech up`, `down`, `status`, `query`, `attach`."""

from proptech_pipelines.cli.app import main

__all__ = ["main"]
