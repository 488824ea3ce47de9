"""`python -m proptech_pipelines.cli`: the same as `proptech`."""

from proptech_pipelines.cli.app import main

main()
