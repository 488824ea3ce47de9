"""What a person sees: one panel for an error, one live display for slow work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel

from proptech_pipelines.errors import ProptechError

# Data is shown as it is: a text such as ":x:" is no picture.
console = Console(highlight=False, emoji=False)
error_console = Console(stderr=True, highlight=False, emoji=False)


def show_error(error: ProptechError) -> None:
    """Print `error` as one panel on standard error: what happened, then what to do."""
    text = escape(error.message.strip())
    if error.do:
        text += f"\n\n[bold]Do:[/bold] {escape(error.do)}"
    error_console.print(Panel(text, title=type(error).__name__, title_align="left", border_style="red"))


class LiveProgress:
    """A `services.progress.Progress` on the terminal: spinners, bars, and a line for what is done.

    Where output is no terminal only the lines remain.
    """

    def __init__(self) -> None:
        from rich.live import Live  # noqa: PLC0415 - `--help` does without
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            DownloadColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        self._steps = Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._downloads = Progress(TextColumn("  {task.description}"), BarColumn(), DownloadColumn())
        self._live = Live(Group(self._steps, self._downloads), console=console, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """A spinner and the time that has passed."""
        task = self._steps.add_task(escape(text), total=None)
        try:
            yield
        finally:
            self._steps.remove_task(task)

    @contextmanager
    def download(self, name: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """A bar that fills."""
        task = self._downloads.add_task(escape(name), total=total_bytes)
        try:
            yield lambda size: self._downloads.advance(task, size)
        finally:
            self._downloads.remove_task(task)

    def done(self, text: str) -> None:
        """A line that stays."""
        console.print(f"[green]✓[/green] {escape(text)}")
