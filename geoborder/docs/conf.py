"""
Settings of the documentation site.

Build it with ``sphinx-build -W -b html geoborder/docs site``. Nothing is fetched: no
inventories of other projects, no scripts or fonts from elsewhere; notebooks are shown
with the outputs that are stored in them.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import figures  # noqa: E402 - beside this file
import reference  # noqa: E402 - likewise

import geoborder  # noqa: E402 - after those, by its sections
from geoborder.program import Program  # noqa: E402 - likewise

project = "geoborder"
author = "The geoborder developers"
copyright = f"{author}; code MIT, data as each says"  # noqa: A001 - Sphinx's name
version = release = geoborder.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["generated"]  # included in pages
templates_path = ["_templates"]
default_role = "py:obj"  # `name` in a docstring: a link where it is public

autosummary_generate = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
python_display_short_literal_types = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "amsmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"
nb_merge_streams = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = f"geoborder {version}"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_sidebars = dict.fromkeys(
    ("changelog", "contributing", "faq", "index", "performance", "release", "tutorial"),
    (),
)
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
highlight_options = {name: {"stripnl": True} for name in ("python", "pycon")}
html_math_renderer = "mathml"

logger = logging.getLogger(__name__)


def mathml(node: nodes.Element, *, as_block: bool) -> str:
    """Write a formula as MathML; warn of what that does not know."""
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        logger.warning("formula not understood: %s", error, location=node)
        return ""


def inline_math(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(mathml(node, as_block=False))
    raise nodes.SkipNode


def block_math(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands by itself."""
    formula = mathml(node, as_block=True)
    translator.body.append(f'<div class="math">{formula}</div>')
    raise nodes.SkipNode


def fill_in(_app: Sphinx) -> None:
    """Write what is made from code, and copy the notebooks beside the pages."""
    folder = HERE / "generated"
    folder.mkdir(exist_ok=True)
    benchmarks = ROOT / "tests" / "benchmarks"
    results = json.loads((benchmarks / "results.json").read_text(encoding="utf-8"))
    for name, text in {
        "commands": reference.commands(),
        "programme": reference.programme(Program.model_json_schema()),
        "columns": reference.columns(),
        "formats": reference.formats(),
        "format_costs": figures.formats(results),
        "machine": figures.machine(results),
        "performance": figures.performance(results, benchmarks),
    }.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    place = HERE / "notebooks"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(ROOT / "notebooks", place)


def setup(app: Sphinx) -> None:
    """Register what is set up here."""
    app.add_html_math_renderer("mathml", (inline_math, None), (block_math, None))
    app.connect("builder-inited", fill_in)
