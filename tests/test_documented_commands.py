"""What README and the documentation tell readers to type: it names what exists."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

import geoborder as gb
from geoborder.cli import app
from geoborder.cli.common import OutLayer
from geoborder.dictionary import LAYERS
from geoborder.errors import GeoborderError
from geoborder.files.formats import format_of

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "geoborder" / "qgis" / "plugin" / "geoborder_qgis" / "commands"

_FENCE = re.compile(
    r"^(?P<margin> *)```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^(?P=margin)```",
    re.MULTILINE | re.DOTALL,
)
_DOTTED = re.compile(r"gb(\.\w+)+")
_PAIRED = re.compile(r"[<>]\([^)]*\)")
"""Process substitution: to a command it is a file."""

_LEADING = {"do", "then", "else", "if", "while", "time", "exec", "!"}
"""Words of the shell that may stand before a command."""


class Snippet(NamedTuple):
    """Something a reader may type, and where it stands."""

    place: str
    text: str


def documents() -> list[Path]:
    """Find the texts that readers follow."""
    pages = sorted((ROOT / "geoborder" / "docs").rglob("*.md"))
    own = [p for p in pages if "_build" not in p.parts]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *own]


def blocks(language: str, text: str, name: str) -> Iterator[Snippet]:
    """Take fenced blocks of a language out of Markdown."""
    for found in _FENCE.finditer(text):
        if found["language"] == language:
            line = text.count("\n", 0, found.start("text")) + 1
            body = inspect.cleandoc("\n" + found["text"])
            yield Snippet(f"{name}:{line}", body)


def shell_commands(block: str) -> Iterator[list[str]]:
    """Split shell text into commands, each a list of words."""
    plain = _PAIRED.sub("pipe", block.replace("\\\n", " "))
    for line in plain.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        words: list[str] = []
        skipped = False
        for token in [*lexer, ";"]:
            if skipped:  # where a redirection leads to
                skipped = False
            elif set(token) <= set("<>&") and set(token) & set("<>"):
                skipped = True
                if words and words[-1].isdigit():
                    words.pop()  # 2> and the like
            elif set(token) <= set("();|&"):
                while words and (words[0] in _LEADING or re.match(r"\w+=", words[0])):
                    words.pop(0)
                if words:
                    yield words
                words = []
            else:
                words.append(token)


def own_words(words: list[str]) -> list[str] | None:
    """Take what follows `geoborder` in a command, if it is one of ours."""
    if Path(words[0]).name == "geoborder":
        return words[1:]
    if Path(words[0]).name.startswith("python") and words[1:3] == ["-m", "geoborder"]:
        return words[3:]
    return None


COMMANDS = [
    Snippet(block.place, shlex.join(words))
    for path in documents()
    for block in blocks("sh", path.read_text("utf-8"), str(path.relative_to(ROOT)))
    for words in shell_commands(block.text)
    if own_words(words) or words[:2] == ["qgis_process", "run"]
]
MENTIONS = [
    Snippet(str(path.relative_to(ROOT)), " ".join(span.split()))
    for path in documents()
    for span in re.findall(
        r"(?<!`)`(geoborder\s+[^`]+)`(?!`)", _FENCE.sub("", path.read_text("utf-8"))
    )
]
EXAMPLES = [
    block
    for path in documents()
    for block in blocks("python", path.read_text("utf-8"), str(path.relative_to(ROOT)))
    if ">>> " not in block.text
]


@cache
def group() -> Any:  # noqa: ANN401 - typer's own kind of command
    """Give the command line as typer parses it."""
    return typer.main.get_command(app)


def resolved(words: list[str]) -> tuple[Any, list[str]]:
    """Find the command that words name, and its own words."""
    command, rest = group(), list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        known = command.commands
        assert rest[0] in known, f"no command {rest[0]!r}; there are {sorted(known)}"
        command = known[rest.pop(0)]
    return command, rest


def option_of(command: Any, word: str) -> Any:  # noqa: ANN401 - as above
    """Find the option that a word names."""
    name = word.split("=", 1)[0]
    for part in command.params:
        if name in (*part.opts, *part.secondary_opts):
            return part
    known = sorted(o for part in command.params for o in part.opts if o[0] == "-")
    assert name in {"--help", "--install-completion", "--show-completion"}, (
        f"no option {name!r}; there are {known}"
    )
    return None


def choices(part: Any, context: Any) -> set[str]:  # noqa: ANN401 - as above
    """Tell the values that the shell offers for an option; none: any will do."""
    offered = part.shell_complete(context, "")
    return {
        item[0] if isinstance(item, tuple) else getattr(item, "value", item)
        for item in offered
        if getattr(item, "type", "plain") == "plain"
    }


def check_command(words: list[str]) -> None:
    """Hold a command against what there is."""
    command, rest = resolved(words)
    told = [option_of(command, word) for word in rest if word[:2] == "--"]
    if None in told or hasattr(command, "commands"):
        return  # help, version, completion: to parse them is to do what they ask
    context = command.make_context("geoborder", list(rest))
    for part in command.params:
        value = context.params.get(part.name)
        known = choices(part, context)
        given = value if isinstance(value, list | tuple) else [value]
        for one in given if known else ():
            assert one is None or {one, str(one).upper()} & known, (
                f"{part.opts[0]} {one!r} is none of {sorted(known)[:20]}"
            )
    layers = {w.split("=", 1)[1] for w in rest if "plan.gpkg|layername=" in w}
    assert layers <= set(LAYERS), f"a plan has no layers {sorted(layers)}"
    check_target(command, context.params)


def check_target(command: Any, given: dict[str, Any]) -> None:  # noqa: ANN401 - as above
    """Hold the ending of a layer's file against the formats there are."""
    told = {part.name: part.help for part in command.params if part.opts[0] == "--out"}
    layer = OutLayer.__metadata__[0].help
    target = given.get("target")
    if told.get("target") == layer and not given.get("fmt"):
        if target == "-" or "://" in target:
            return
        try:
            format_of(Path(target))
        except GeoborderError as error:
            pytest.fail(str(error))


@cache
def algorithms() -> dict[str, set[str]]:
    """Read QGIS's algorithms, with their parameters, out of the plugin's source."""
    trees = [ast.parse(file.read_text("utf-8")) for file in PLUGIN.glob("*.py")]
    values = {
        target.id: node.value
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def named(node: ast.expr) -> Iterator[str]:
        if isinstance(node, ast.Starred):
            yield from named(node.value)
        elif isinstance(node, ast.Name):
            yield from named(values[node.id])
        elif isinstance(node, ast.Tuple):
            for item in node.elts:
                yield from named(item)
        elif isinstance(node, ast.Call):
            assert isinstance(node.args[0], ast.Constant)
            yield str(node.args[0].value)
            if ast.unparse(node.func) == "Border":
                yield from ("LEFT", "RIGHT")  # the countries of a bundled one

    return {
        next(named(node)): set(named(node.args[5]))
        for node in values.values()
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Command"
    }


def check_algorithm(words: list[str]) -> None:
    """Hold a call of QGIS's toolbox against the plugin's algorithms."""
    provider, _, name = words[2].partition(":")
    if provider != "geoborder":
        return
    assert name in algorithms(), f"no algorithm {name!r}: {sorted(algorithms())}"
    given = words[words.index("--") + 1 :] if "--" in words else []
    known = algorithms()[name]
    wrong = {word.split("=")[0] for word in given} - known
    assert not wrong, f"{name} has no {sorted(wrong)}; there are {sorted(known)}"


@pytest.mark.parametrize(
    "snippet", COMMANDS, ids=lambda s: f"{s.place} {s.text[:40]}".replace("::", ":")
)
def test_commands_exist(snippet: Snippet) -> None:
    words = shlex.split(snippet.text)
    own = own_words(words)
    if own is None:
        check_algorithm(words)
    else:
        check_command(own)


def test_commands_in_running_text_exist() -> None:
    for place, text in MENTIONS:
        words = [w for w in text.split()[1:] if not set(w) & set("[]<>…")]
        if not words or not re.fullmatch(r"[a-z]+", words[0].rstrip(",.")):
            continue
        command, rest = resolved(words)
        for word in rest:
            if word.startswith("-") and word != "-":
                assert option_of(command, word) is not None or word == "--help", place


def keywords_of(function: Any) -> set[str] | None:  # noqa: ANN401 - anything callable
    """Tell the keywords that a function takes; None: any."""
    parameters = inspect.signature(function).parameters
    names = set(parameters)
    more = [p for p in parameters.values() if p.kind is p.VAR_KEYWORD]
    if not more:
        return names
    if "Unpack" in str(more[0].annotation):
        return names | set(inspect.get_annotations(gb.LayerOptions))
    if "line_of_sight" in (function.__doc__ or "") or function is gb.line_of_sight:
        own = set(inspect.signature(gb.line_of_sight).parameters)
        told = re.findall(r"``(\w+)``", gb.line_of_sight.__doc__ or "")
        return names | own | set(told)
    return None


def check_names(tree: ast.AST) -> None:
    """Hold names after `gb.`, and keywords of calls, against the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "gb":
            assert hasattr(gb, node.attr), f"geoborder has no {node.attr}"
        elif isinstance(node, ast.Call) and _DOTTED.fullmatch(ast.unparse(node.func)):
            called: Any = gb
            for name in ast.unparse(node.func).split(".")[1:]:
                called = getattr(called, name)
            known = keywords_of(called)
            given = {k.arg for k in node.keywords if k.arg is not None}
            wrong = set() if known is None else given - known
            assert not wrong, f"{ast.unparse(node.func)} has no {sorted(wrong)}"


@pytest.mark.parametrize("snippet", EXAMPLES, ids=lambda s: s.place)
def test_plain_examples_name_what_exists(snippet: Snippet) -> None:
    tree = ast.parse(snippet.text, snippet.place)
    compile(tree, snippet.place, "exec")
    check_names(tree)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("segmant", "no command"),
        ("segment --lenght-km 10", "no option"),
        ("segment --length-km ten", "valid number"),
        ("reach posts.gpkg --mode camel", "camel"),
        ("segment --out segments.shapefile", "shapefile"),
        ("border TJK XYZ", "XYZ"),
        ("locate 'plan.gpkg|layername=towns'", "towns"),
        ("qgis instal", "no command"),
    ],
)
def test_what_does_not_exist_is_found(words: str, told: str) -> None:
    with pytest.raises((Exception, pytest.fail.Exception), match=told):
        check_command(shlex.split(words))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gb.load_boarder()", "load_boarder"),
        ("gb.segment_border(border, lenght_km=1)", "lenght_km"),
        ("gb.line_of_sight(a, b, dem=c, reach_km=1)", "reach_km"),
        ("gb.add_segments(m, s, colour=1)", "colour"),
        ("gb.Conditions(snow=1)", "snow"),
    ],
)
def test_names_that_do_not_exist_are_found(text: str, told: str) -> None:
    with pytest.raises((AssertionError, AttributeError), match=told):
        check_names(ast.parse(text))


def test_shell_text_is_split() -> None:
    text = """
    # a comment
    geoborder border FRA ESP -o - | X=1 geoborder segment --border - \\
      -o s.fgb  # another
    .venv/bin/geoborder verify plan > log 2>&1 && cat log
    geoborder segment -o >(gzip > x.gz) --format geojson
    """
    found = [own_words(words) for words in shell_commands(text)]
    assert found == [
        ["border", "FRA", "ESP", "-o", "-"],
        ["segment", "--border", "-", "-o", "s.fgb"],
        ["verify", "plan"],
        None,
        ["segment", "-o", "pipe", "--format", "geojson"],
    ]


def test_algorithms_are_read_out_of_the_plugin() -> None:
    assert {"segmentborder", "viewshed", "runprogramme"} & set(algorithms())
    assert {"LEFT", "RIGHT", "LENGTH_KM", "OUTPUT"} <= algorithms()["segmentborder"]
    with pytest.raises(AssertionError, match="no algorithm"):
        check_algorithm(["qgis_process", "run", "geoborder:segment"])
    words = ["qgis_process", "run", "geoborder:segmentborder", "--", "LENGTH=3"]
    with pytest.raises(AssertionError, match="LENGTH"):
        check_algorithm(words)


def test_what_acts_when_it_is_parsed_is_only_looked_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    for words in ("--install-completion", "--version", "segment --help"):
        check_command(words.split())
    assert not list(tmp_path.iterdir())
    with pytest.raises(AssertionError, match="no option"):
        check_command(["--install-completions"])
