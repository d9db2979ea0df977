#!/usr/bin/env bash
# distributed 2026.8.0: LocalCluster(dashboard_address=None) opens an HTTP port all the same, and wants 8787 for it.
#
# Expected: None, which the documentation gives as the way to have no dashboard, opens no port for one.
# Seen: the scheduler listens on 127.0.0.1:8787 beside its own port (its HTTP server, without the dashboard's pages). Where
# the port is taken, a warning says that a dashboard is hosted elsewhere: an error in tests that make errors of warnings.
# "127.0.0.1:0" takes whichever port is free, without a warning.
#
# Output seen:
#   None, alone: an HTTP port, 8787: yes
#   None, 8787 taken: an HTTP port, 8787: no; warned: yes
#   127.0.0.1:0, 8787 taken: an HTTP port, 8787: no; warned: no
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python="$folder/venv/bin/python"
"${PYTHON:-python3}" -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check distributed==2026.8.0 dask==2026.8.0 2>/dev/null
cd "$folder"
cat > look.py <<'PYTHON'
import socket
import sys
import warnings

from distributed import LocalCluster


def look(address):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cluster = LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=address)
    port = cluster.scheduler.service_ports.get("dashboard")
    cluster.close()
    warned = any("already in use" in str(one.message) for one in caught)
    return port, warned


if __name__ == "__main__":
    port, _ = look(None)
    print("None, alone: an HTTP port, 8787:", "yes" if port == 8787 else f"no ({port})")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 8787))
        taken.listen()
        for address in (None, "127.0.0.1:0"):
            port, warned = look(address)
            same = "yes" if port == 8787 else "no" if port else "none"
            print(f"{address}, 8787 taken: an HTTP port, 8787: {same}; warned: {'yes' if warned else 'no'}")
PYTHON
"$python" look.py 2>log | tee seen
diff - seen <<'SEEN'
None, alone: an HTTP port, 8787: yes
None, 8787 taken: an HTTP port, 8787: no; warned: yes
127.0.0.1:0, 8787 taken: an HTTP port, 8787: no; warned: no
SEEN
