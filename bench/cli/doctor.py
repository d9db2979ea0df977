"""`bench doctor`: is this machine, and this installation, fit for runs?"""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli._common import echo_json, executor_options, json_option, plugin_options
from bench.cli._table import echo_table

__all__ = ["command"]


@click.command("doctor")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    envvar="BENCH_DATA",
    help="Where datasets lie (or BENCH_DATA).",
)
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, readable=False),
    help="The cache folder (or BENCH_CACHE).",
)
@executor_options
@plugin_options
@json_option
def command(
    data_dir: Path | None,
    cache_dir: Path | None,
    executor: str | None,
    executor_set: tuple[str, ...],
    plugins: tuple[Path, ...],
    autoload: bool,
    as_json: bool,
) -> None:
    """Check Python, packages, threads, memory, folders, plugins and how processes start: ok, warn or fail, each with what to
    do about it; with --executor, also whether steps could run there now.

    Exit code 2 where something fails. Of the environment it reads BENCH_CACHE, BENCH_DATA, OMP_NUM_THREADS and
    MKL_NUM_THREADS, and shows no other."""
    from bench.cli import _health_executor, _health_folders, _health_machine, _health_software

    findings = [
        *_health_software.findings(plugins, autoload),
        *_health_machine.findings(),
        *_health_folders.findings(data_dir, cache_dir),
        *_health_executor.findings(executor, executor_set, plugins, autoload),
    ]
    if as_json:
        echo_json({"checks": [finding._asdict() for finding in findings]})
    else:
        rows = [
            (one.status, one.check, "; ".join(filter(None, (one.found, one.fix))))
            for one in findings
        ]
        echo_table(("", "what", "found; what to do"), rows)
    if any(finding.status == "fail" for finding in findings):
        raise click.exceptions.Exit(2)
