"""A page of the documentation, followed: its files saved, its commands run, in a folder of the reader's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner, Result

from bench.cli import main

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
_SAVED = re.compile(r"[Ss]ave as `([\w./-]+)`:\n\n```\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)


def text_of(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def files_of(page: str) -> dict[str, str]:
    return files_in(text_of(page))


def files_in(text: str) -> dict[str, str]:
    """What a reader is told to save: name to content."""
    return dict(_SAVED.findall(text))


def save(page: str, folder: Path) -> None:
    save_all(files_of(page), folder)


def save_all(files: dict[str, str], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")


def commands_of(page: str) -> list[str]:
    """`bench ...` lines of console blocks, in their order."""
    consoles = re.findall(r"^```console\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)
    return re.findall(r"^\$ (bench .*)", "\n".join(consoles), re.MULTILINE)


def follow(line: str, *more: str) -> Result:
    """Run a command of a page in the current folder and in this process; steps run in it too."""
    _, command, *arguments = shlex.split(line)
    inline = ["--executor", "inline"] if command == "run" and "--executor" not in arguments else []
    return CliRunner().invoke(main, [command, *arguments, *inline, *more])
