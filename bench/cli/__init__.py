"""The command line: one file a command, thin. A command's module is imported when it is called, not for `--help`."""

from bench.cli._group import LazyGroup

__all__ = ["main"]

main = LazyGroup(
    "bench",
    help="Compare base models, selectors and meta-learners for recommendation.",
    targets={
        "run": ("bench.cli.run:command", "Run a suite and print its table."),
        "check": ("bench.cli.check:command", "Check a suite; run nothing."),
        "plan": ("bench.cli.plan:command", "Say what a run would do, and how long; run nothing."),
        "list": ("bench.cli.list:command", "List plugins and where they come from."),
        "data": ("bench.cli.data:command", "List datasets, fetch them, or show what one holds."),
        "describe": ("bench.cli.describe:command", "Show a plugin's summary and parameters."),
        "history": ("bench.cli.history:command", "Follow figures over runs in time."),
        "report": ("bench.cli.report:command", "Print the table of a finished run."),
        "status": ("bench.cli.status:command", "Say how far a run is, or how it ended."),
        "verify": (
            "bench.cli.verify:command",
            "Check a run's folder; exit 5 where a file is damaged.",
        ),
        "cache": ("bench.cli.cache:command", "Show what the cache holds, or make room in it."),
        "export": ("bench.cli.export:command", "Write a run's predictions with their keys."),
        "compare": (
            "bench.cli.compare:command",
            "Compare two runs; exit 1 where the second is worse.",
        ),
        "gate": ("bench.cli.gate:command", "Judge a run by another one: a verdict for CI."),
        "schema": (
            "bench.cli.schema:command",
            "Print the JSON Schema of suite files, for editors.",
        ),
        "doctor": ("bench.cli.doctor:command", "Check this machine and installation."),
        "test-plugin": ("bench.cli.test_plugin:command", "Check a plugin against the contract."),
    },
)
