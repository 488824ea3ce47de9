"""`proptech down`."""

from proptech_pipelines.cli.options import Home
from proptech_pipelines.settings import Settings


def down(home: Home = None) -> None:
    """Stop everything that runs; all data stays."""
    from proptech_pipelines.cli.screen import LiveProgress, console  # noqa: PLC0415
    from proptech_pipelines.services.supervisor import down as bring_down  # noqa: PLC0415

    folder = Settings.load(home).home
    with LiveProgress() as progress:
        stopped = bring_down(folder, progress)
    console.print(f"Everything is down; the data stays in {folder}." if stopped else "Nothing was running.")
