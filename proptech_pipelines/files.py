"""Writing a file whole or not at all, whatever ends the process."""

from pathlib import Path


def write_whole(path: Path, text: str, *, is_private: bool = False) -> None:
    """Write `text` beside `path` and move it there; a private file is readable by its owner only, from the start."""
    unfinished = path.with_name(f"{path.name}.new")
    if is_private:
        unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)
