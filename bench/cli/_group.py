"""The group behind `bench`: imports a command when it is called, and ends every command the same way.

A command is any `click.Command`: it raises BenchErrors and lets them go. The group prints each as one line and exits with its
code; every command gets `--traceback`, which shows where the error was raised."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from bench import __version__
from bench.cli._common import JSON_ASKED, echo_json, printable
from bench.cli._signals import exit_code_of, heeding_signals
from bench.errors import BenchError, Fault, StorageError, SuiteError

__all__ = ["LazyGroup"]

BROKEN_PIPE = 141  # 128 + SIGPIPE
INTERNAL = 70  # a bug of the harness; not 1, which says that a run regressed
_STORAGE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
_BUG = "internal error: this is a bug of the harness or of a plugin"
_TRACEBACK = "bench.traceback"  # key in the context's meta


class LazyGroup(click.Group):
    """`targets`: command name to ("module:attribute", short help)."""

    def __init__(self, name: str, *, help: str, targets: Mapping[str, tuple[str, str]]) -> None:  # noqa: A002
        super().__init__(name, help=help, context_settings={"help_option_names": ["-h", "--help"]})
        self.targets = targets
        self.params.append(_traceback_option())
        click.version_option(__version__, prog_name="metaselector-bench")(self)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.targets:
            return None
        module, attribute = self.targets[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        if not any(param.name == "traceback" for param in command.params):
            command.params.append(_traceback_option())
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in self.targets.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with heeding_signals():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt as stop:
            click.echo("interrupted", err=True)
            ctx.exit(exit_code_of(stop))
        except BrokenPipeError:
            # the flush at exit has nowhere to go either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(BROKEN_PIPE)
        except Exception as error:
            known = _as_known(error)
            _report(error, known, with_traceback=ctx.meta.get(_TRACEBACK, False))
            code = known.exit_code if known else INTERNAL
            if ctx.meta.get(JSON_ASKED, False):
                echo_json(
                    {
                        "exit_code": code,
                        "errors": [_as_dict(fault) for fault in _faults(error, known)],
                    }
                )
            ctx.exit(code)


def _report(error: Exception, known: BenchError | None, *, with_traceback: bool) -> None:
    """Print an error for people."""
    if with_traceback or known is None:
        click.echo(printable("".join(traceback.format_exception(error))), err=True, nl=False)
    click.echo(printable(str(known or _BUG)), err=True)


def _faults(error: Exception, known: BenchError | None) -> tuple[Fault, ...]:
    """An error for programs: each fault of a suite by itself."""
    if isinstance(known, SuiteError):
        return known.faults
    return (Fault("", 0, 0, str(known) if known else f"{_BUG}: {type(error).__name__}: {error}"),)


def _as_dict(fault: Fault) -> dict[str, Any]:
    """None where there is no file, or no line in it."""
    return {key: value or None for key, value in fault._asdict().items()}


def _as_known(error: Exception) -> BenchError | None:
    """The error in the harness's words, where it is one that users can cause."""
    if isinstance(error, OSError) and error.errno in _STORAGE_ERRNOS:
        return StorageError(
            f"{error.filename or 'output'}: {error.strerror}; make room or choose another folder"
        )
    return error if isinstance(error, BenchError) else None


def _traceback_option() -> click.Option:
    return click.Option(
        ["--traceback"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_remember_traceback,
        help="Show where an error was raised.",
    )


def _remember_traceback(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[_TRACEBACK] = True  # shared by a context and those below it
