#!/usr/bin/env bash
# torch 2.13.0 (CPU): asking for deterministic algorithms, a setting, writes into the process's environment.
#
# Expected: torch.use_deterministic_algorithms(True) changes how kernels are chosen, and nothing else of the process.
# Seen: the first call imports the compiler (torch._inductor), which puts TORCHINDUCTOR_CACHE_DIR into os.environ, below
# the temporary folder and with the user's name in it. Child processes inherit it. `import torch` alone sets nothing.
# Who compares the environment before and after a model's fit, or records it, meets a path that nobody asked for.
#
# Output seen:
#   import: []
#   call: ['TORCHINDUCTOR_CACHE_DIR'] inductor True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6 2>/dev/null
env -u TORCHINDUCTOR_CACHE_DIR "$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
import os
import sys

before = set(os.environ)
import torch

print("import:", sorted(set(os.environ) - before))
before = set(os.environ)
torch.use_deterministic_algorithms(True)
print("call:", sorted(set(os.environ) - before), "inductor", "torch._inductor.config" in sys.modules)
PYTHON
grep -qx "import: \[\]" "$folder/seen"
grep -qx "call: \['TORCHINDUCTOR_CACHE_DIR'\] inductor True" "$folder/seen"
