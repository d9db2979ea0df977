"""What the server of steps finds out before it forks any."""

from __future__ import annotations

import subprocess
import sys


def test_it_reads_the_plugin_packages_and_not_all_of_the_harness() -> None:
    """A step's own plugin is of one package; the harness has a digest of its own, of what computes."""
    script = (
        "import bench.worker.ready; from bench.registry import sources;"
        "from bench.registry.sources import _imports, plugin_digest;"
        "read = _imports.cache_info().currsize;"
        "[plugin_digest(name) for name in ('bench_ctr', 'bench_baselines', 'bench_metaselector', 'bench_data')];"
        "print(read, _imports.cache_info().currsize)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    read, with_all_packages = map(int, done.stdout.split())
    assert 0 < read < 100
    assert with_all_packages == read, "no package is left to be parsed by each step"
