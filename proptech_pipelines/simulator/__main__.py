"""`python -m proptech_pipelines.simulator`."""

from proptech_pipelines.simulator.cli import app

app()
