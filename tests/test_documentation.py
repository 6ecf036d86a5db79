"""Links of README, the documentation and the notebooks lead to what exists."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "geoborder" / "docs"

GENERATED = ("generated/", "reference/api/")
"""Folders in `DOCS` that a build of the site writes."""

COPIED = {"notebooks": ROOT / "notebooks"}
"""Folders in `DOCS` that a build copies, and what from."""

IN_HTML = re.compile(r"""\b(?:href|src|srcset)=["']([^"']+)["']""")

BARE = re.compile(r"https?://[^\s)>\]|,;\"']*[^\s)>\]|,;\"'.:]")

PARSER = MarkdownIt("commonmark").enable("table")

VERBATIM = {"math", "code-block", "code", "literalinclude", "eval-rst", "toctree"}
"""MyST directives whose content is no Markdown."""

WITH_PATH = {"image", "figure", "include"}
"""MyST directives whose argument is a path."""


class Link(NamedTuple):
    """A link or image, and where it stands."""

    page: str
    target: str


def pages() -> list[Path]:
    """Files whose links are checked; a build's own are not."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    site = [path for path in sorted(DOCS.rglob("*.md")) if not is_built(path)]
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    return [*top, ROOT / "data" / "SOURCES.md", *site, *notebooks]


def is_built(path: Path) -> bool:
    """Whether a build of the site makes a file."""
    if not path.is_relative_to(DOCS):
        return False
    name = path.relative_to(DOCS).as_posix()
    return name.startswith(GENERATED) or name.split("/")[0] in COPIED


def markdown_of(path: Path) -> str:
    """Text of a page, or of a notebook's Markdown cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join(
        "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
    )


def tokens_of(text: str) -> Iterator[Token]:
    """Tokens of a text, within lines too, and within the directives that hold text."""
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()
        directive = re.match(r"\{([\w-]+)\}", token.info)
        if token.type == "fence" and directive and directive[1] not in VERBATIM:
            yield from tokens_of(token.content)


def targets_of(text: str) -> Iterator[str]:
    """Where links, images, HTML and directives lead to; also bare addresses."""
    for token in tokens_of(text):
        attributes = token.attrs
        for name in ("href", "src"):
            if name in attributes:
                yield str(attributes[name])
        if token.type in {"html_block", "html_inline"}:
            yield from IN_HTML.findall(token.content)
        if token.type == "text":
            yield from BARE.findall(token.content)
        path = re.match(r"\{([\w-]+)\}\s*(\S+)", token.info)
        if token.type == "fence" and path and path[1] in WITH_PATH:
            yield path[2]


@cache
def links() -> list[Link]:
    """All links of all pages."""
    return [
        Link(path.relative_to(ROOT).as_posix(), target)
        for path in pages()
        for target in targets_of(markdown_of(path))
    ]


@cache
def anchors_of(path: Path) -> frozenset[str] | None:
    """Anchors of a page by GitHub's rule; None where a build writes part of it."""
    text = markdown_of(path)
    found = set(re.findall(r"^\(([\w-]+)\)=$", text, flags=re.MULTILINE))
    found |= set(re.findall(r"""\b(?:id|name)=["']([^"']+)["']""", text))
    seen: Counter[str] = Counter()
    for before, token in pairwise(PARSER.parse(text)):
        if before.type == "heading_open":
            inline = token.children or ()
            shown = "".join(part.content for part in inline if part.type != "image")
            slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    for name in re.findall(r"^```\{include\} *(\S+)", text, flags=re.MULTILINE):
        part = (path.parent / name).resolve()
        more = None if not part.is_file() or is_built(part) else anchors_of(part)
        if more is None:
            return None
        found |= more
    return frozenset(found)


def fault_of(link: Link) -> str | None:
    """Say what is wrong with a link within the project."""
    name, _, anchor = unquote(link.target).partition("#")
    page = ROOT / link.page
    path = (page.parent / name).resolve() if name else page
    if not path.is_relative_to(ROOT):
        return "leads out of the project"
    if path.is_relative_to(DOCS):
        inside = path.relative_to(DOCS)
        if inside.parts[:1] and inside.parts[0] in COPIED:
            path = COPIED[inside.parts[0]].joinpath(*inside.parts[1:])
        elif is_built(path):
            return None
    if not path.exists():
        return "leads to nothing"
    if not anchor or path.suffix not in {".md", ".ipynb"}:
        return None
    known = anchors_of(path)
    return "has no such heading" if known is not None and anchor not in known else None


def outside(link: Link) -> bool:
    """Whether a link leaves the project."""
    return bool(re.match(r"[a-z][a-z0-9+.-]*:|//", link.target, flags=re.IGNORECASE))


def test_pages_are_found() -> None:
    assert len(pages()) > 5
    assert any(not outside(link) for link in links())
    assert any(outside(link) for link in links())


def test_links_within_the_project_lead_somewhere() -> None:
    faults = [(link, fault_of(link)) for link in links() if not outside(link)]
    assert [f"{x.page}: {x.target} {fault}" for x, fault in faults if fault] == []


def test_addresses_are_well_formed() -> None:
    wrong = []
    for link in filter(outside, links()):
        parts = urlsplit(link.target)
        host = parts.hostname or ""
        well = (
            re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", host)
            and parts.scheme == "https"
            and not (parts.username or parts.password or parts.port)
            and not re.search(r"[\s<>\"{}|\\^`]|[.,;:]$", link.target)
            and not host.endswith((".local", ".internal", ".test", ".example"))
        )
        if not (well or parts.scheme == "mailto"):
            wrong.append(link)
    assert wrong == []


def test_an_address_is_always_written_alike() -> None:
    spellings = defaultdict(set)
    for link in filter(outside, links()):
        plain = re.sub(r"^https?://(?:www\.)?|/(?=$|#|\?)", "", link.target).lower()
        spellings[plain].add(link.target)
    assert [sorted(several) for several in spellings.values() if len(several) > 1] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](b.md#c) ![d](e.png)", ["b.md#c", "e.png"]),
        ("[a][1]\n\n[1]: b.md", ["b.md"]),
        ('<a href="b.md"><img src="c.svg"></a>', ["b.md", "c.svg"]),
        ("```{figure} a.svg\n:width: 3\n\n[b](c.md)\n```", ["c.md", "a.svg"]),
        ("```{note}\n[a](b.md)\n```", ["b.md"]),
        ("```sh\n[a](b.md)\n```\n`[c](d.md)`", []),
        ("see https://a.org/b.", ["https://a.org/b"]),
        ("<https://a.org>", ["https://a.org"]),
    ],
)
def test_targets_are_read_out_of_text(text: str, found: list[str]) -> None:
    assert sorted(set(targets_of(text))) == sorted(found)


def test_headings_get_the_anchors_that_github_gives(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    heads = "# How *fast*, on `gb.cover(a)`?\n\n# Twice\n\n# Twice\n\n(own)=\n# A - b\n"
    page.write_text(heads, encoding="utf-8")
    expected = {"how-fast-on-gbcovera", "twice", "twice-1", "own", "a---b"}
    assert anchors_of(page) == expected
