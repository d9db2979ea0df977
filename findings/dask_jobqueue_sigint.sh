#!/usr/bin/env bash
# dask-jobqueue 0.9.0: importing it replaces the process's handler of SIGINT by one that calls sys.exit().
#
# Expected: an import leaves the signals of the program that imports it alone, so that ctrl-C raises KeyboardInterrupt where it
# did before (a test runner prints its summary, a program saves its work).
# Seen: after `import dask_jobqueue` ctrl-C raises SystemExit with code 0: `except KeyboardInterrupt` is passed over, and a
# program that was interrupted ends as if it had done all.
#
# Output seen:
#   before: the interpreter's own handler
#   after: another one
#   ctrl-C raises SystemExit(None)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python="$folder/venv/bin/python"
"${PYTHON:-python3}" -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check \
    dask-jobqueue==0.9.0 distributed==2026.8.0 dask==2026.8.0 2>/dev/null
cd "$folder"
cat > look.py <<'PYTHON'
import os
import signal


def handler():
    own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return "the interpreter's own handler" if own else "another one"


print("before:", handler())
import dask_jobqueue  # noqa

print("after:", handler())
try:
    os.kill(os.getpid(), signal.SIGINT)
    signal.sigtimedwait([], 1)
except BaseException as raised:
    print(f"ctrl-C raises {type(raised).__name__}({getattr(raised, 'code', '')})")
PYTHON
"$python" look.py | tee seen
diff - seen <<'SEEN'
before: the interpreter's own handler
after: another one
ctrl-C raises SystemExit(None)
SEEN
