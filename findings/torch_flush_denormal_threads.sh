#!/usr/bin/env bash
# torch 2.13.0 (CPU): denormals that were flushed for a while stay flushed in the threads that torch started meanwhile.
#
# Expected: after torch.set_flush_denormal(True), some work, and torch.set_flush_denormal(False), numbers below 1.2e-38
# are there again for every later operation.
# Seen: the mode is that of the calling thread, and a thread inherits it from whoever starts it. torch starts its pool in the
# first operation that runs in parallel. Where that fell into the flushed time, the pool flushes for the rest of the process:
# one operation on one large tensor gives 0 in the half that a pool thread fills and the right number in the other half. On a
# small tensor, which the calling thread does alone, all is right. Who trains with flushed denormals (optimisers' moments of
# rarely touched rows come there) and then differentiates saturated float32 losses gets other gradients by half of the rows.
#
# Output seen:
#   large tensor: 524288 of 1048576 are 0
#   small tensor: 0 of 1024 are 0
#   pool started before: 0 of 1048576 are 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6 2>/dev/null
cat > "$folder/ask.py" <<'PYTHON'
import sys

import torch

LARGE, SMALL = 1 << 20, 1 << 10
torch.set_num_threads(2)


def zeros(length):
    """How many elements of a tensor of 5e-39 are 0."""
    return int((torch.full((length,), 2e-38) / 4 == 0).sum())


if sys.argv[1] == "before":
    torch.ones(LARGE).add_(1)
torch.set_flush_denormal(True)
torch.ones(LARGE).add_(1)
torch.set_flush_denormal(False)
if sys.argv[1] == "before":
    print("pool started before:", zeros(LARGE), "of", LARGE, "are 0")
else:
    print("large tensor:", zeros(LARGE), "of", LARGE, "are 0")
    print("small tensor:", zeros(SMALL), "of", SMALL, "are 0")
PYTHON
for when in meanwhile before; do
  "$folder/venv/bin/python" "$folder/ask.py" "$when"
done | tee "$folder/seen"
grep -qx "large tensor: 524288 of 1048576 are 0" "$folder/seen"
grep -qx "small tensor: 0 of 1024 are 0" "$folder/seen"
grep -qx "pool started before: 0 of 1048576 are 0" "$folder/seen"
