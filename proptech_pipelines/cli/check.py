"""`proptech check`: all that must hold before a change lands. CI runs this very command."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from proptech_pipelines.errors import SettingsError

_TESTS = ["-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"]
"""Two processes, each with services of its own: most tests keep one core busy."""
_SOURCES = ("proptech_pipelines", "proptech_pipelines_tests", "dbt_like_sql")


def check(
    fast: Annotated[bool, typer.Option("--fast", help="Leave out the long tests.")] = False,
) -> None:
    """Format, lint, types, import contract and tests, in a checkout with the `dev` extra installed."""
    from proptech_pipelines.cli.screen import console  # noqa: PLC0415

    root = Path.cwd()
    if not (root / "proptech_pipelines_tests").is_dir():
        raise SettingsError(
            f"{root} is no checkout of proptech_pipelines.", "change into the checkout first."
        )
    failed: list[str] = []
    for name, arguments in _steps(fast=fast):
        console.rule(name, align="left")
        sys.stdout.flush()
        if subprocess.run([sys.executable, *arguments], cwd=root, check=False).returncode:
            failed.append(name)
    if failed:
        console.print(f"[red]failed: {', '.join(failed)}[/red]")
        raise typer.Exit(1)
    console.print("[green]all checks passed[/green]")


def _steps(*, fast: bool) -> list[tuple[str, list[str]]]:
    steps = [
        ("format", ["-m", "ruff", "format", "--check", *_SOURCES]),
        ("lint", ["-m", "ruff", "check", *_SOURCES]),
        ("types", ["-m", "basedpyright", "--pythonpath", sys.executable]),
        ("imports", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]),
        ("tests", [*_TESTS, "-m", "not long"]),
    ]
    if not fast:
        steps.append(("long tests", [*_TESTS, "-m", "long"]))
    return steps
