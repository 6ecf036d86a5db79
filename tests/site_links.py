"""
Check a built site's links without a network: files, anchors, nothing from elsewhere.

    python tests/site_links.py SITE

Prints what does not lead anywhere, and scripts, styles and pictures that would be
fetched; exits with 1 if there are any.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Anchors of a page, and what it names: links, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a tag has of both."""
        given = {key: value for key, value in attrs if value}
        self.anchors.update(given[key] for key in ("id", "name") if key in given)
        if "href" in given:
            (self.loaded if tag == "link" else self.links).append(given["href"])
        if "src" in given:
            self.loaded.append(given["src"])


def faults_of(site: Path) -> list[str]:
    """List what is wrong with the links of a site's pages."""
    paths = [path for path in site.rglob("*.html") if path.parent.name != "_static"]
    pages = {path.resolve(): Page(path) for path in paths}
    faults = [] if pages else [f"{site} has no pages"]
    for path, page in pages.items():
        for link in page.links + page.loaded:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                if link in page.loaded and address.scheme != "data":
                    faults.append(f"{path.relative_to(site)} loads {link}")
                continue
            target = path
            if address.path:
                target = (path.parent / unquote(address.path)).resolve()
            anchors = pages[target].anchors if target in pages else set()
            if not target.exists():
                faults.append(f"{path.relative_to(site)}: no file {link}")
            elif address.fragment and unquote(address.fragment) not in anchors:
                faults.append(f"{path.relative_to(site)}: no anchor {link}")
    return faults


if __name__ == "__main__":
    found = faults_of(Path(sys.argv[1]).resolve())
    print("\n".join(found))  # noqa: T201 - what it is for
    sys.exit(bool(found))
