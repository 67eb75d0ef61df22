"""What an engine tells, kept for its views: each takes it at its own pace, and none is waited for.

All that is told is one list in order, of which the last are kept. A view that comes, or that has
not read for so long that something is gone, is told what there is instead: the loops that are
live, with the reports that are kept of each, and what stands.
"""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from tui_trainer.link.messages import Begun, Loaded, Message, Reported, Text, Told, Views
from tui_trainer.protocol.events import Event, LoopChanged, LoopState
from tui_trainer.protocol.loop_names import BENCH, EVALUATION
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.numbered import Numbered
from tui_trainer.protocol.wire import write_event, write_report
from tui_trainer.reports.models import LoadProgress
from tui_trainer.reports.threads import ThreadShare

MESSAGES_KEPT = 512
REPORTS_KEPT = 2048
"""Of each loop, as of a worker."""
CUMULATIVE = EVALUATION, BENCH
"""A report of these holds all that those before it do: the last are enough, and all are large."""


@dataclass
class LoopTold:
    """What is kept of a loop, from its beginning until another of its name begins."""

    begun: Begun
    reports: deque[Numbered[Report]]
    changed: Numbered[LoopChanged] | None = None
    """What it became last."""
    last: Report | None = None


@dataclass(frozen=True)
class Entry:
    """Something told, and by which view: that one need not hear it."""

    message: Message | Numbered[Event] | tuple[str, tuple[Numbered[Report], ...]]
    by: object = None


@dataclass
class Feed:
    """Written by the engine's process, read by the thread of each view."""

    loops: dict[str, LoopTold] = field(default_factory=dict)
    _standing: dict[type, Entry] = field(default_factory=dict)
    """The last of each kind that stays true until the next one."""
    _entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=MESSAGES_KEPT))
    _told: int = 0
    """How many entries there were."""
    changed: threading.Condition = field(default_factory=threading.Condition)
    """Notified when there is more, and held around what must stay in order."""

    # What is told

    def tell(self, message: Message, by: object = None) -> None:
        with self.changed:
            if isinstance(message, Text | Loaded | Views):
                self._standing[type(message)] = Entry(message)
            if isinstance(message, Loaded):
                self._standing.pop(LoadProgress, None)
            self._append(Entry(message, by))

    def begin(self, begun: Begun, by: object) -> None:
        """A loop begins: what is reported from now on is of that one."""
        with self.changed:
            most = 8 if begun.loop in CUMULATIVE else REPORTS_KEPT
            self.loops[begun.loop] = LoopTold(begun, deque(maxlen=most))
            self._append(Entry(begun, by))

    def report(self, name: str, reports: Iterable[Numbered[Report]]) -> None:
        with self.changed:
            told = tuple(reports)
            if not told or name not in self.loops:
                return
            self.loops[name].reports.extend(told)
            self.loops[name].last = told[-1].what
            self._append(Entry((name, told)))

    def event(self, event: Numbered[Event]) -> None:
        with self.changed:
            what = event.what
            if isinstance(what, LoopChanged):
                if what.name in self.loops:
                    self.loops[what.name].changed = Numbered(event.number, what)
            elif isinstance(what, LoadProgress | ThreadShare):
                self._standing[type(what)] = Entry(event)
            self._append(Entry(event))

    def _append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._told += 1
        self.changed.notify_all()

    def states(self) -> dict[str, LoopState]:
        """What each loop is that has begun."""
        with self.changed:
            told = {name: loop.changed for name, loop in self.loops.items()}
        return {name: changed.what.state for name, changed in told.items() if changed is not None}

    # What a view is told

    @property
    def told(self) -> int:
        return self._told

    def after(self, heard: int | None, view: object) -> tuple[list[Message], int]:
        """What came after so many entries, and how many there are then; `heard` is None for a view
        that has heard nothing. Call it with `changed` held."""
        first = self._told - len(self._entries)
        if heard is None or heard < first:
            entries = [*self._standing.values(), *self._live()]
        else:
            entries = [self._entries[n - first] for n in range(heard, self._told)]
            entries = [entry for entry in entries if entry.by is not view]
        return [_message(entry) for entry in entries], self._told

    def _live(self) -> list[Entry]:
        """The loops that go, and those that ended: their curves stay on show."""
        entries = []
        for name, loop in self.loops.items():
            entries.append(Entry(loop.begun))
            if loop.reports:
                entries.append(Entry((name, tuple(loop.reports))))
            if loop.changed is not None:
                entries.append(Entry(loop.changed))
        return entries


def _message(entry: Entry) -> Message:
    told = entry.message
    if isinstance(told, Numbered):
        return Told(write_event(told))
    if isinstance(told, tuple):
        name, reports = told
        return Reported(name, tuple(write_report(report) for report in reports))
    return told
