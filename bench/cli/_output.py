"""Where a command writes. Standard output holds its answer and nothing else: what a plugin prints, by whatever means (a print,
file descriptor 1, a child process), goes to standard error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

import click

from bench.storage.remedy import remedy

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "Unwritable",
    "answer",
    "answering",
    "console",
    "echo",
    "part_prints",
    "printable",
    "say",
]

BROKEN_PIPE = 141  # 128 + SIGPIPE
_FULL = 5  # as of a StorageError
_STDOUT, _STDERR = 1, 2


class Unwritable(Exception):  # noqa: N818 - what it says of the stream
    """Standard output or error takes no more. `line` says why; empty where its reader went away, which is no fault."""

    def __init__(self, error: OSError) -> None:
        closed = isinstance(error, BrokenPipeError)
        self.exit_code = BROKEN_PIPE if closed else _FULL
        self.line = (
            "" if closed else f"output: {error.strerror}; {remedy(error, 'write it elsewhere')}"
        )
        super().__init__(self.line)


class _Answer(io.TextIOWrapper):
    """Standard output, in whose stead others would exit with 1 where it can't be written: that code says regressed."""

    def write(self, text: str) -> int:
        with self._told():
            return super().write(text)

    def flush(self) -> None:
        with self._told():
            super().flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            _to_nowhere(self.fileno())  # what is left in the buffers is flushed again at exit
            raise Unwritable(error) from error


_answer: TextIO | None = None
_prints: TextIO | None = None  # where Python's prints go while plugins are at work


def answer() -> TextIO:
    """The stream of the answer."""
    return _answer or sys.stdout


@contextmanager
def answering(*, for_good: bool) -> Iterator[None]:
    """Keep standard output for the answer: meanwhile, or until the process ends. Where something else stands in its place (a
    test's), no file descriptor is touched."""
    global _answer, _prints
    before = sys.stdout
    if before is None:
        raise Unwritable(OSError(0, "standard output is closed"))
    is_real = _is_on(before, _STDOUT)
    _answer = sys.stdout = _divert(before) if is_real else before
    # not the stream of standard error itself, which would end with a plugin that closes or wraps its standard output
    _prints = before if is_real else sys.stderr
    try:
        yield
    finally:
        with suppress(OSError, ValueError):  # a plugin may have closed it; there may be no space
            _prints.flush()
        ours, _answer, _prints = _answer, None, None
        sys.stdout = sys.stderr if is_real and for_good else before
        ours.flush()
        if is_real and not for_good:
            os.dup2(ours.fileno(), _STDOUT)


def part_prints() -> None:
    """From now on plugins may be at work: what Python prints goes to standard error, to the end, since a plugin's thread may
    outlast its command."""
    if _prints is not None:
        sys.stdout = _prints


def echo(text: str = "", *, nl: bool = True) -> None:
    """A line of the answer."""
    click.echo(text, file=answer(), nl=nl)


def say(text: str) -> None:
    """A line on standard error, made safe to show. Where there is no space for it, it is lost: the answer is not."""
    try:
        click.echo(printable(text), err=True)
    except OSError as error:
        if _is_on(sys.stderr, _STDERR):
            _to_nowhere(_STDERR)
        if isinstance(error, BrokenPipeError):
            raise Unwritable(error) from error


def console() -> Console:
    """Rich's console on the answer, as wide as the answer's own terminal."""
    from rich.console import Console

    width = None
    if answer().isatty() and not os.environ.get("COLUMNS"):
        with suppress(OSError):
            width = os.get_terminal_size(answer().fileno()).columns or None
    return Console(file=answer(), width=width)


def printable(text: str) -> str:
    """The text with control, bidirectional and other invisible characters escaped; line ends stay."""
    if all(character.isprintable() or character == "\n" for character in text):
        return text
    return "".join(
        character
        if character.isprintable() or character == "\n"
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def _divert(stdout: TextIO) -> _Answer:
    """A stream of its own on what is standard output; file descriptor 1, which children inherit, is standard error."""
    stdout.flush()
    if isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(line_buffering=True)  # in the order of what else is said
    own = os.dup(_STDOUT)
    try:
        os.dup2(_STDERR, _STDOUT)
    except OSError:  # standard error is closed
        _to_nowhere(_STDOUT)
    # in an encoding that lacks a character, an escape stands for it
    errors = "backslashreplace" if stdout.errors == "strict" else stdout.errors
    return _Answer(
        open(own, "wb"),
        encoding=stdout.encoding,
        errors=errors,
        line_buffering=stdout.isatty(),
    )


def _is_on(stream: Any, descriptor: int) -> bool:
    try:
        return bool(stream.fileno() == descriptor)
    except (AttributeError, OSError, ValueError):
        return False


def _to_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
