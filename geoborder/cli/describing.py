"""Commands that describe what files hold: programmes and plans."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

import geoborder as gb
from geoborder.cli import completing
from geoborder.cli.common import Format, app
from geoborder.cli.console import STREAM, out, print_table, print_text
from geoborder.errors import OptionError


@app.command()
def schema(
    *,
    file: Annotated[
        str | None,
        typer.Option("--out", "-o", help="File to write; left out: the terminal."),
    ] = None,
) -> None:
    """
    Print the JSON schema of programme files, for editors.

    Example: geoborder schema --out programme.schema.json
    """
    text = json.dumps(gb.Program.model_json_schema(), indent=2, ensure_ascii=False)
    if file in {None, STREAM}:
        print_text(text)
    else:
        from geoborder.files import write_text  # noqa: PLC0415 - loads GeoPandas

        write_text(Path(str(file)), text + "\n")


@app.command("columns")
def describe(
    *,
    layer: Annotated[
        str | None,
        typer.Option(
            help="Layer to describe; left out: all.",
            autocompletion=completing.layers,
        ),
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="What units of money are called.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--out", "-o", help="Table to write; left out: the terminal."),
    ] = None,
    fmt: Format = None,
) -> None:
    """
    Tell what each column of a plan's layers means, and in what unit it is.

    Example: geoborder columns --layer segments
    """
    from geoborder.dictionary import describe_layers  # noqa: PLC0415 - loads pandas

    table = describe_layers(currency=currency)
    if layer is not None:
        known = table["layer"].drop_duplicates().tolist()
        if layer not in known:
            near = get_close_matches(layer, known, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            all_ = ", ".join(known)
            msg = f"`--layer` {layer!r} is no layer of a plan. {hint}There are: {all_}."
            raise OptionError(msg)
        table = table[table["layer"] == layer].drop(columns="layer")
    if target is None:
        print_table(table, to=out)
        return
    csv = "csv" if target == STREAM else None
    gb.write_layer(table, target, layer="columns", format=fmt or csv)
