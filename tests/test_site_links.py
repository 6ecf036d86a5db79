"""The check of a built site's links finds what leads nowhere."""

from __future__ import annotations

from pathlib import Path

from site_links import faults_of


def test_what_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.html").write_text('<h1 id="top" name="old">b</h1>')
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="#here">1</a> <a href="sub/b.html#top">2</a>'
        '<a href="sub/b.html#old">3</a> <a href="https://example.org/x">4</a>'
        '<a href="#gone">5</a> <a href="sub/b.html#gone">6</a> <a href="c.html">7</a>'
        '<img src="data:image/png;base64,"> <img src="https://example.org/y.png">'
    )
    assert faults_of(tmp_path) == [
        "a.html: no anchor #gone",
        "a.html: no anchor sub/b.html#gone",
        "a.html: no file c.html",
        "a.html loads https://example.org/y.png",
    ]


def test_a_site_without_pages_is_a_fault(tmp_path: Path) -> None:
    assert faults_of(tmp_path) == [f"{tmp_path} has no pages"]
