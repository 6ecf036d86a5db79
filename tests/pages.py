"""Pages opened in a real browser, with the network refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def started_browser(chromium: str) -> Iterator[object]:
    """Start Chromium for a fixture of a module, and close it behind it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - may be absent

    with sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


class Opened:
    """A page, what it asked for, and what it complained of."""

    def __init__(self, browser: object, file: Path, width: int = 1280) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 800})
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.route("**/*", self._refuse)
        self.page.on("console", lambda m: self.complaints.append(m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.goto(file.as_uri())
        self.page.wait_for_timeout(300)

    def _refuse(self, route: object) -> None:
        address = route.request.url
        if address.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            self.requests.append(address)
            route.abort()


def grave_faults(opened: Opened, axe: Path) -> list[str]:
    """List what axe-core finds serious or critical on a page, with the element."""
    opened.page.add_script_tag(path=axe)
    found = opened.page.evaluate("axe.run()")
    assert found["passes"], "axe-core looked at nothing"
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]
