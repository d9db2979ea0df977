"""`python -m bench.testing.executor_client`: a program that has steps done by an executor, and may be killed. On stdin it
reads what it is to do, as JSON; on stdout it says what each step came to, a line each."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.job.steps import FitStep, parse_step
from bench.registry.used import UsedPlugins
from bench.registry.used_plugin import UsedPlugin
from bench.testing.driven import Driven

__all__: list[str] = []


def _main() -> None:
    said = json.loads(sys.stdin.readline())
    used = UsedPlugin(*said["used"])
    plugin = UsedPlugins([used], list(map(Path, said["paths"]))).load_unchecked(used)
    steps = [step for text in said["steps"] if isinstance(step := parse_step(text), FitStep)]
    executor = plugin(plugin.Params.model_validate_json(said["params"]), said["workers"])
    driven = Driven(executor)
    for name, outcome in driven.run(steps).items():
        print(json.dumps([name, outcome.status]))
    executor.close()


if __name__ == "__main__":
    _main()
