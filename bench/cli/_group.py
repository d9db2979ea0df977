"""The group behind `bench`: imports a command when it is called, and ends every command the same way.

A command is any `click.Command`: it raises BenchErrors and lets them go. The group prints each as one line and exits with its
code; every command gets `--traceback`, which shows where the error was raised. While a command works, standard output is kept
for its answer (bench.cli._output)."""

from __future__ import annotations

import errno
import io
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from typing import Any

import click

from bench import __version__
from bench.cli._common import JSON_ASKED, echo_json
from bench.cli._output import Unwritable, answering, part_prints, say
from bench.cli._signals import exit_code_of, heeding_signals
from bench.errors import BenchError, DataError, Fault, StorageError, SuiteError
from bench.storage.remedy import remedy

__all__ = ["LazyGroup"]

INTERRUPTED = 130  # 128 + SIGINT
INTERNAL = 70  # a bug of the harness; not 1, which says that a run regressed
_STORAGE_ERRNOS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EIO,
    errno.EACCES,
    errno.EPERM,
}
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
            command.callback = command.callback and _printing_apart(command.callback)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in self.targets.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """As click's, which would end with 1 where the output can't be written."""
        arguments = sys.argv[1:] if args is None else list(args)
        if not standalone_mode:
            with answering(for_good=False):
                return super().main(arguments, prog_name, complete_var, False, **extra)
        try:
            with answering(for_good=True):
                code = self._run(arguments, prog_name, complete_var, extra)
        except Unwritable as error:
            code = _end_unwritable(error)
        sys.exit(code)

    def _run(
        self,
        arguments: list[str],
        prog_name: str | None,
        complete_var: str | None,
        extra: Mapping[str, Any],
    ) -> int:
        """The exit code, after all is said."""
        try:
            return super().main(arguments, prog_name, complete_var, False, **extra) or 0
        except click.ClickException as error:  # the command line is wrong
            say(_usage(error))
            if "--json" in arguments:
                _echo_faults(error.exit_code, [Fault("", 0, 0, error.format_message())])
            return error.exit_code
        except click.Abort:
            return INTERRUPTED

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with heeding_signals():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, Unwritable):
            raise
        except KeyboardInterrupt as stop:
            say("interrupted")
            ctx.exit(exit_code_of(stop))
        except (
            BaseException
        ) as error:  # no command exits, or raises what is no Exception: a plugin did
            known = _as_known(error)
            _report(error, known, with_traceback=ctx.meta.get(_TRACEBACK, False))
            code = known.exit_code if known else INTERNAL
            if ctx.meta.get(JSON_ASKED, False):
                _echo_faults(code, _faults(error, known))
            ctx.exit(code)


def _printing_apart(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def apart(*args: Any, **kwargs: Any) -> Any:
        part_prints()
        return callback(*args, **kwargs)

    return apart


def _end_unwritable(error: Unwritable) -> int:
    try:
        if error.line:
            say(error.line)
    except Unwritable as none_left:
        return none_left.exit_code
    return error.exit_code


def _usage(error: click.ClickException) -> str:
    """As click shows it: the command's usage, then what is wrong."""
    shown = io.StringIO()
    error.show(file=shown)
    return shown.getvalue().rstrip("\n")


def _report(error: BaseException, known: BenchError | None, *, with_traceback: bool) -> None:
    """Print an error for people."""
    if with_traceback or known is None:
        say("".join(traceback.format_exception(error)).rstrip("\n"))
    say(str(known or _BUG))


def _echo_faults(code: int, faults: Sequence[Fault]) -> None:
    """Print an error for programs."""
    echo_json({"exit_code": code, "errors": [_as_dict(fault) for fault in faults]})


def _faults(error: BaseException, known: BenchError | None) -> tuple[Fault, ...]:
    """An error for programs: each fault of a suite or of data by itself."""
    if isinstance(known, (SuiteError, DataError)):
        return known.faults
    return (Fault("", 0, 0, str(known) if known else f"{_BUG}: {type(error).__name__}: {error}"),)


def _as_dict(fault: Fault) -> dict[str, Any]:
    """None where there is no file, or no line in it."""
    return {key: value or None for key, value in fault._asdict().items()}


def _as_known(error: BaseException) -> BenchError | None:
    """The error in the harness's words, where it is one that users can cause."""
    if isinstance(error, OSError) and error.errno in _STORAGE_ERRNOS:
        return StorageError(
            f"{error.filename or 'output'}: {error.strerror}; {remedy(error, 'choose another folder')}"
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
