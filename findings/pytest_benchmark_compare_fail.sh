#!/usr/bin/env bash
# pytest-benchmark 5.3.1: --benchmark-compare-fail passes a tenfold slowdown where nothing could be compared.
#
# Expected: a check that fails at 50 % slower fails, or says that it can't tell, where the slower test has another name than in
# the stored run, or where the run measured nothing.
# Seen: with the test renamed, or its parameter's value changed, it is compared with nothing, and pytest ends with 0. So it does
# under pytest-xdist, which switches measuring off. A gate by this option is green for each renamed test and each parallel job.
#
# Output seen:
#   same name: exit code 1
#   renamed: exit code 0
#   parameter changed: exit code 0
#   under xdist: exit code 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python="$folder/venv/bin/python"
"${PYTHON:-python3}" -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check \
    pytest==9.2.0 pytest-benchmark==5.3.1 pytest-xdist==3.8.0 2>/dev/null
cd "$folder"
written() { # NAME MILLISECONDS PARAMETER
    cat > test_speed.py <<PYTHON
import time

import pytest


@pytest.mark.parametrize("size", [$3])
def $1(benchmark, size):
    benchmark.pedantic(time.sleep, args=($2 / 1000,), rounds=10)
PYTHON
}
code() { # NAME OPTION...: what pytest ends with
    local name=$1 ended=0
    shift
    "$python" -m pytest -q --benchmark-compare=0001 --benchmark-compare-fail=median:50% "$@" > log 2>&1 || ended=$?
    echo "$name: exit code $ended"
}
written test_fit 2 100
"$python" -m pytest -q --benchmark-save=base > log 2>&1
{
    written test_fit 20 100
    code "same name"
    written test_train 20 100
    code "renamed"
    written test_fit 20 101
    code "parameter changed"
    written test_fit 20 100
    code "under xdist" -n 1
} | tee seen
diff - seen <<'SEEN'
same name: exit code 1
renamed: exit code 0
parameter changed: exit code 0
under xdist: exit code 0
SEEN
