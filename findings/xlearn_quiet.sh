#!/usr/bin/env bash
# xLearn 0.40a1: setQuiet() turns early stopping off without a word.
#
# Expected: with setValidate() training stops early and the best epoch's model is kept, whatever is printed.
# Seen: the validation file is looked at only where metrics are printed. With setQuiet() all epochs are trained and the last
# model is kept, overfitted; "Early-stopping at epoch 0" with a best loss of 3.4e38 is printed all the same, and no warning, as
# there is for a missing validation file.
#
# Output seen:
#   validation log loss: 0.71, quiet 2.79
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python="$folder/venv/bin/python"
"${PYTHON:-python3}" -m venv "$folder/venv"
export CMAKE_POLICY_VERSION_MINIMUM=3.5  # it is built from source: a compiler, make and CMake are needed
"$python" -m pip install --quiet --disable-pip-version-check xlearn==0.40a1 numpy==1.26.4 scipy==1.15.3 2>/dev/null
cat > "$folder/ask.py" <<'PYTHON'
import numpy as np
import xlearn

rng = np.random.default_rng(0)


def write(name, rows):
    """Two fields; labels by chance: whatever is learned is wrong elsewhere."""
    codes, labels = rng.integers(0, 40, (rows, 2)), rng.integers(0, 2, rows)
    lines = (f"{label} {a + 1}:1 {b + 41}:1\n" for label, (a, b) in zip(labels, codes))
    with open(name, "w") as file:
        file.writelines(lines)
    return labels


write("train.txt", 400)
labels = write("valid.txt", 400)


def log_loss(quiet):
    model = xlearn.create_fm()
    model.setTrain("train.txt")
    model.setValidate("valid.txt")
    if quiet:
        model.setQuiet()
    options = {"task": "binary", "lr": 0.5, "lambda": 0.0, "epoch": 200, "nthread": 1, "log": "./log"}
    model.fit(options, "model")
    model.setTest("valid.txt")
    model.predict("model", "scores.txt")
    scores = np.loadtxt("scores.txt")
    return np.logaddexp(0, np.where(labels == 1, -scores, scores)).mean()


stopped, quiet = log_loss(False), log_loss(True)
print(f"\nvalidation log loss: {stopped:.2f}, quiet {quiet:.2f}", flush=True)
assert stopped < 0.72 and quiet > 0.8
PYTHON
cd "$folder"
USER=someone "$python" ask.py | grep -a "^validation log loss" | tee seen
grep -q "^validation log loss: 0\.[67]., quiet [1-9]" seen
