#!/usr/bin/env bash
# DeepCTR-Torch 0.3.0: ids of 2^24 and more share their embeddings, two by two and more, without a word.
#
# Expected: SparseFeat("item", vocabulary_size=N) gives each of N ids a vector of its own.
# Seen: fit and predict put all columns into one float32 tensor (x.to(device).float()) and turn it into integers afterwards.
# float32 holds whole numbers exactly up to 2^24 = 16,777,216: from there on neighbours become the same number. Hashed ids of a
# large vocabulary meet it; nothing fails, the model is a worse one. Below, an id that is always clicked and its neighbour that
# never is: right just below 2^24, one and the same from 2^24 on.
# On the way: its import needs `requests`, which its package does not ask for; without it, a fresh environment can't import it.
#
# Output seen:
#   without requests: ModuleNotFoundError: No module named 'requests'
#   below 2^24: told apart
#   from 2^24 on: the same prediction
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python="$folder/venv/bin/python"
"${PYTHON:-python3}" -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check deepctr-torch==0.3.0 torch==2.13.0 numpy==2.4.6 2>/dev/null
without=$("$python" -c "import deepctr_torch" 2>&1 | tail -n 1 || true)
echo "without requests: $without" | tee "$folder/seen"
"$python" -m pip install --quiet --disable-pip-version-check requests 2>/dev/null
cat > "$folder/ask.py" <<'PYTHON'
import contextlib
import io

import numpy as np
import torch

with contextlib.redirect_stdout(io.StringIO()):
    from deepctr_torch.inputs import SparseFeat
    from deepctr_torch.models import DeepFM

LIMIT = 2**24


def predicted(clicked, other):
    """Of two ids, the one always clicked and the other never, after training on both."""
    item = SparseFeat("item", LIMIT + 2, embedding_dim=1)
    model = DeepFM([item], [], use_fm=False, dnn_hidden_units=(), l2_reg_linear=0)
    model.compile(torch.optim.SGD(model.parameters(), lr=0.1), "binary_crossentropy")
    ids = np.tile(np.array([clicked, other]), 64)
    labels = np.tile(np.array([1.0, 0.0], np.float32), 64)
    with contextlib.redirect_stdout(io.StringIO()):
        model.fit({"item": ids}, labels, batch_size=32, epochs=20, verbose=0)
    one, two = model.predict({"item": np.array([clicked, other])}).ravel()
    return "told apart" if one > 0.9 and two < 0.1 else "the same prediction" if one == two else (one, two)


print("below 2^24:", predicted(LIMIT - 2, LIMIT - 1))
print("from 2^24 on:", predicted(LIMIT, LIMIT + 1))
PYTHON
"$python" "$folder/ask.py" | grep "2^24:\|2^24 on:" | tee -a "$folder/seen"
grep -qx "without requests: ModuleNotFoundError: No module named 'requests'" "$folder/seen"
grep -qx "below 2^24: told apart" "$folder/seen"
grep -qx "from 2^24 on: the same prediction" "$folder/seen"
