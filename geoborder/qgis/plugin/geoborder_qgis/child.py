"""geoborder as a child process that tells its progress and can be cancelled."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import IO, Any, Protocol

from geoborder_qgis.interpreter import clean_environment

_PROGRESS = re.compile(r"geoborder-progress +(\d+(?:\.\d+)?) *(.*)")
_COMPLAINT = re.compile(r"(?:geoborder|Error): (?!warning:)(.*)")
_POLL_S = 0.1
_PATIENCE_S = 5.0
_LAST_LINES = 12

Line = tuple[str, "str | None"]


class Feedback(Protocol):
    """What of a QgsProcessingFeedback is used here."""

    def isCanceled(self) -> bool:
        """Tell whether somebody has cancelled."""

    def setProgress(self, progress: float) -> None:
        """Show how much is done, in percent."""

    def setProgressText(self, text: str) -> None:
        """Show what is being done."""

    def pushInfo(self, info: str) -> None:
        """Show a line."""

    def pushConsoleInfo(self, info: str) -> None:
        """Show a line of output."""

    def pushWarning(self, warning: str) -> None:
        """Show a warning."""


class ChildError(Exception):
    """geoborder refused or failed; the message is what it said."""


class CancelledError(Exception):
    """The user cancelled; the process is gone."""


def run_geoborder(
    words: list[str], *, python: str, folder: Path, feedback: Feedback
) -> None:
    """
    Run a command of geoborder to its end.

    Parameters
    ----------
    words
        The command with its options.
    python
        Python in which geoborder is installed.
    folder
        Folder it runs in.
    feedback
        What is told, and asked whether to go on.

    Raises
    ------
    ChildError
        If it refuses or fails, with its own message.
    CancelledError
        If the feedback was cancelled; the process and its children have ended.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the Python the user installed
            [python, "-m", "geoborder", *words],
            cwd=folder,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            **_apart(),
        )
    except OSError as error:
        msg = f"{python!r} cannot be run: {error.strerror or error}."
        raise ChildError(msg) from error
    try:
        said = _follow(process, feedback, f"{folder}{os.sep}")
    except BaseException:
        _end(process)
        raise
    if process.returncode != 0:
        raise ChildError(_reason(process.returncode, said, python))


def _apart() -> dict[str, Any]:
    """Options that start a process with a group of its own, without a window."""
    if os.name == "nt":
        group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        return {"creationflags": group | hidden}
    return {"start_new_session": True}


def _follow(
    process: subprocess.Popen[str], feedback: Feedback, folder: str
) -> list[str]:
    """Pass on what a process says until it ends; give what it complained of."""
    lines: queue.Queue[Line] = queue.Queue()
    for name, stream in (("out", process.stdout), ("err", process.stderr)):
        threading.Thread(target=_read, args=(name, stream, lines), daemon=True).start()
    said: list[str] = []
    is_open = 2
    while is_open:
        if feedback.isCanceled():
            raise CancelledError
        try:
            name, line = lines.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if line is None:
            is_open -= 1
            continue
        text = line.replace(folder, "")  # where its files lie for a moment
        if name == "out":
            feedback.pushConsoleInfo(text)
        else:
            _tell(text, feedback, said)
    process.wait()
    return said


def _read(name: str, stream: IO[str], lines: queue.Queue[Line]) -> None:
    """Put a stream's lines into a queue, and None at its end."""
    with stream:
        for line in stream:
            lines.put((name, line.rstrip()))
    lines.put((name, None))


def _tell(line: str, feedback: Feedback, said: list[str]) -> None:
    """Pass on a line of standard error."""
    progress = _PROGRESS.fullmatch(line)
    if progress is not None:
        feedback.setProgress(min(float(progress[1]), 100.0))
        feedback.setProgressText(progress[2])
        return
    if not line:
        return
    said.append(line)
    if "warning" in line.lower():
        feedback.pushWarning(line)
    elif _COMPLAINT.match(line) is None:  # that becomes the exception
        feedback.pushInfo(line)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and its children: asked first, so that it can clear up."""
    if process.poll() is None:
        _signal(process, force=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_PATIENCE_S)
    _signal(process, force=True)
    process.wait()


def _signal(process: subprocess.Popen[str], *, force: bool) -> None:
    """Ask a process's group to end, or end it."""
    if os.name == "nt":
        if process.poll() is None:
            words = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(words, check=False, capture_output=True)  # noqa: S603 - a number
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)


def _reason(code: int, said: list[str], python: str) -> str:
    """Say in one message why a process ended with an error."""
    text = "\n".join(said)
    if "No module named geoborder" in text:
        return (
            f"geoborder is not installed in {python!r}. Install it there, or run "
            "`geoborder qgis install` in the environment that has it."
        )
    complaints = [m[1] for m in map(_COMPLAINT.match, said) if m is not None]
    if not complaints:
        end = "\n".join(said[-_LAST_LINES:])
        return f"geoborder ended with exit code {code}.\n{end}".rstrip()
    message = complaints[-1]
    if message.startswith("No such"):
        message += (
            " The plugin and geoborder are of different versions: run "
            "`geoborder qgis install` again."
        )
    return message
