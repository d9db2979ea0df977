"""`bench schema`: the suite file as a JSON Schema, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bench.cli._common import plugin_options, warn_quarantined
from bench.cli._output import echo
from bench.cli._whole_file import write_whole
from bench.registry import load_registry

__all__ = ["command"]


@click.command("schema")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to a file instead."
)
@plugin_options
def command(out: Path | None, plugins: tuple[Path, ...], autoload: bool) -> None:
    """Print the JSON Schema (2020-12) of suite files, with the parameters of every plugin that is there.

    Editors that read `# yaml-language-server: $schema=FILE` in a suite's first line complete and check it by FILE."""
    registry = load_registry(plugins, autoload=autoload)
    warn_quarantined(registry)

    from bench.suite.check.json_schema import json_schema

    text = json.dumps(json_schema(registry), indent=1, ensure_ascii=False) + "\n"
    if out is None:
        echo(text, nl=False)
        return
    write_whole(out, text.encode("utf-8"))
