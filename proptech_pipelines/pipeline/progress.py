"""What the threads of one stream run tell each other: how far everyone is, who failed, and when to stop."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cut:
    """A number that a writer has committed; `control_number` is the next one of the control log at that point."""

    number: int = 0
    control_number: int = 0


@dataclass
class Progress:
    """Committed numbers by writer, with waiting for them. Safe between threads."""

    stop: threading.Event = field(default_factory=threading.Event)
    halted: dict[str, BaseException] = field(default_factory=dict[str, BaseException])
    _cuts: dict[str, Cut] = field(default_factory=dict[str, Cut])
    _moved: threading.Condition = field(default_factory=threading.Condition)

    def report(self, writer: str, number: int, control_number: int = 0) -> None:
        """Note that `writer` has committed `number`."""
        with self._moved:
            self._cuts[writer] = Cut(number, control_number)
            self._moved.notify_all()

    def halt(self, writer: str, error: BaseException) -> None:
        """Note that `writer` gives up with `error`; the others go on."""
        with self._moved:
            self.halted[writer] = error
            self._moved.notify_all()

    def cut(self, writer: str) -> Cut:
        """The last number of `writer`."""
        with self._moved:
            return self._cuts.get(writer, Cut())

    def wait_beyond(self, writer: str, number: int, seconds: float) -> Cut:
        """Wait until `writer` is beyond `number`, we are to stop, or `seconds` passed; its last cut."""
        with self._moved:
            self._moved.wait_for(
                lambda: self.stop.is_set() or self._cuts.get(writer, Cut()).number > number, seconds
            )
            return self._cuts.get(writer, Cut())

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until `condition` holds, looking whenever anyone moves; whether it does."""
        with self._moved:
            return self._moved.wait_for(condition, seconds)

    def end(self) -> None:
        """Tell everyone to stop after what they are doing."""
        self.stop.set()
        with self._moved:
            self._moved.notify_all()
