"""The learner's progress, kept in a file that is hard to lose.

Progress is a journal: one JSON object a line, only ever appended to, in two copies. A line that is damaged costs
itself alone, and when one copy misses lines of the other both are rebuilt from what the two together still hold.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from helpers.paths import grading, home

Event = dict[str, Any]


class Store:
    """The journal of one learner.

    Args:
        folder: where the two copies lie; None keeps events in memory only (graders and builds).
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.memory: list[Event] = []
        self.repaired = False
        """True once damage was found and mended; whoever tells the learner sets it back."""
        self.unsaved: str | None = None
        """Why the last event is in memory alone; None when it was written."""
        self._watchers: list[Callable[[], None]] = []

    @property
    def copies(self) -> list[Path]:
        """The journal and its twin."""
        return (
            []
            if self.folder is None
            else [self.folder / "progress.jsonl", self.folder / "progress.backup.jsonl"]
        )

    def add(self, event: str, exercise: str, **details: Any) -> None:
        """Append one event. Progress is never worth an error: when no file can be written it stays in memory."""
        record = {"at": datetime.now(UTC).isoformat(), "event": event, "exercise": exercise, **details}
        self.memory.append(record)
        if self.folder is not None:
            self._write(record)
        for watcher in self._watchers:
            watcher()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call something after every event of this process, once each: what shows progress follows it."""
        if watcher not in self._watchers:
            self._watchers.append(watcher)

    def _write(self, record: Event) -> None:
        line = json.dumps(record, ensure_ascii=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._lock():
                for path in self.copies:
                    # starts with a newline, so that a torn last line does not swallow this one
                    with path.open("a", encoding="utf-8") as file:
                        file.write(f"\n{line}")
            self.unsaved = None
        except OSError as error:  # filelock's Timeout is one
            self.unsaved = error.strerror or str(error)

    def events(self) -> list[Event]:
        """All events, oldest first, mended if need be."""
        if self.folder is None:
            return list(self.memory)
        try:
            with self._lock():
                return self._read()
        except OSError:
            return list(self.memory)

    def _lock(self) -> FileLock:
        return FileLock(self.folder / "progress.lock", timeout=10)

    def _read(self) -> list[Event]:
        if not any(path.exists() for path in self.copies):
            return list(self.memory)
        parsed = [_parse(path) for path in self.copies]
        (first, bad_first), (second, bad_second) = parsed
        # what this kernel knows of is never lost, whatever happened to the files
        written = {json.dumps(event, sort_keys=True): event for event in [*first, *second]}
        merged = written | {json.dumps(event, sort_keys=True): event for event in self.memory}
        events = sorted(merged.values(), key=lambda event: event["at"])
        damaged = bad_first or bad_second or not len(written) == len(first) == len(second)
        self.repaired |= bool(damaged)
        if damaged or len(events) > len(written):
            for path, bad in zip(self.copies, (bad_first, bad_second), strict=True):
                self._rewrite(path, events, bad)
            self.unsaved = None
        return events

    def _rewrite(self, path: Path, events: list[Event], bad: bool) -> None:
        if bad and path.exists():
            path.replace(path.with_suffix(".damaged"))
        handle, temporary = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        os.replace(temporary, path)


def _parse(path: Path) -> tuple[list[Event], int]:
    """The events of one copy, and how many of its lines are damaged."""
    try:
        lines = path.read_bytes().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return [], 0
    events, bad = [], 0
    for line in filter(str.strip, lines):
        try:
            event = json.loads(line)
            if not all(isinstance(event[key], str) for key in ("at", "event", "exercise")):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            bad += 1
        else:
            events.append(event)
    return events, bad


_store: Store | None = None


def store() -> Store:
    """The journal of this process. Under a grader it lives in memory: grading never touches a learner's progress."""
    global _store
    folder = None if grading() else home()
    if _store is None or _store.folder != folder:
        _store = Store(folder)
    return _store
