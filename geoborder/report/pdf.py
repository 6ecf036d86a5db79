"""The report as a PDF, printed by a browser without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from geoborder.errors import OptionError
from geoborder.plan import Plan
from geoborder.report.page import render_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
"""Names under which Chromium and its kin are found."""

BROWSER_VARIABLE = "GEOBORDER_CHROMIUM"
"""Environment variable with the path of the browser to take."""

_ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no network
    "--generate-pdf-document-outline",
    "--no-pdf-header-footer",
)


def write_report_pdf(
    plan: Plan, path: str | Path, *, time_limit_s: float = 120.0
) -> Path:
    """
    Write a plan's report as a PDF of A4 pages.

    Parameters
    ----------
    plan
        The plan.
    path
        File to write; it is finished or absent.
    time_limit_s
        Longest time the browser may take.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If no browser is found, if it fails or takes too long, or if the file cannot
        be written; an earlier file is untouched.

    Notes
    -----
    The pages are those that Chromium, Chrome or Edge prints of `write_report`, with
    all that is folded there unfolded. The browser is found on the path, or named by
    the environment variable ``GEOBORDER_CHROMIUM``; it gets a profile of its own and no
    network.

    Examples
    --------
    With such a browser, of a plan that `make_plan` gave::

        gb.write_report_pdf(plan, "report.pdf")
    """
    browser = find_browser()
    if not time_limit_s > 0:
        msg = f"`time_limit_s` must be greater than 0, got {time_limit_s!r}."
        raise OptionError(msg)
    target = Path(path)
    page = render_report(plan, unfolded=True)
    try:
        # Beside the file, so that it can be moved there in one step.
        with tempfile.TemporaryDirectory(
            prefix=f".{target.name}-", dir=target.parent, ignore_cleanup_errors=True
        ) as stage:
            source, part = Path(stage) / "report.html", Path(stage) / "part.pdf"
            source.write_text(page, encoding="utf-8")
            _print(browser, source.resolve(), part.resolve(), time_limit_s)
            part.replace(target)
    except OSError as error:
        msg = f"{str(target)!r} cannot be written: {error.strerror}."
        raise OptionError(msg) from error
    return target


def find_browser() -> str:
    """
    Find a browser that prints PDF.

    Returns
    -------
    str
        Its path.

    Raises
    ------
    OptionError
        If there is none, with what to install or set.
    """
    named = os.environ.get(BROWSER_VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            msg = (
                f"{BROWSER_VARIABLE} is {named!r}, which is no program that can be "
                "run; set it to the path of Chromium, Chrome or Edge, or unset it."
            )
            raise OptionError(msg)
        return found
    for name in BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return found
    msg = (
        f"A PDF needs Chromium, Chrome or Edge; none of {', '.join(BROWSERS)} is on "
        f"the path. Install one (Debian: apt-get install chromium), or set "
        f"{BROWSER_VARIABLE} to its path; or write HTML and print that."
    )
    raise OptionError(msg)


def _print(browser: str, source: Path, part: Path, time_limit_s: float) -> None:
    """Have the browser print a page to a file, or say why it did not."""
    with tempfile.TemporaryDirectory(
        prefix="geoborder-", ignore_cleanup_errors=True
    ) as own:
        profile, log = Path(own) / "profile", Path(own) / "log"
        command = [
            browser, *_ARGUMENTS, *_as_root(), f"--user-data-dir={profile}",
            f"--print-to-pdf={part}", source.as_uri(),
        ]  # fmt: skip
        with log.open("wb") as said:  # a pipe would wait for the browser's children
            try:
                code = subprocess.run(  # noqa: S603 - no shell, arguments from above
                    command, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                    timeout=time_limit_s, check=False,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired as error:
                msg = (
                    f"{browser!r} did not print the report within {time_limit_s:g} s; "
                    "give it more time with `time_limit_s`."
                )
                raise OptionError(msg) from error
        if code != 0 or not _is_whole(part):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            last = next((line for line in reversed(lines) if line.strip()), "nothing")
            msg = (
                f"{browser!r} printed no PDF (exit code {code}); its last words: "
                f"{last.strip()}"
            )
            raise OptionError(msg)


def _as_root() -> tuple[str, ...]:
    """Give the argument without which Chromium does not run as root."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ("--no-sandbox",) if root else ()


def _is_whole(file: Path) -> bool:
    """Tell whether a file is a PDF with its end."""
    if not file.is_file():
        return False
    data = file.read_bytes()
    return data.startswith(b"%PDF-") and b"%%EOF" in data[-64:]
