#!/usr/bin/env bash
# autorank 1.3.0: methods that tie on every data set are reported to differ significantly, with p = nan.
#
# Expected: three methods with the same score on each of 12 data sets (valid input: no score is missing) are not told apart:
# p = 1, or a report that says that nothing could be tested.
# Seen: Friedman's statistic of nothing but ties is 0 / 0. autorank asks whether p is at least alpha, which nan is not, and
# writes that it rejects the null hypothesis. The same scores in two of the methods and a third that is apart once in twelve
# have a p, and are not told apart.
#
# Output seen:
#   all tie: friedman p = nan: we assume that there is a statistically significant difference
#   all but one tie: friedman p = 0.37: we assume that there is no statistically significant difference
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check autorank==1.3.0 numpy==2.4.6 pandas==3.1.1 \
    scipy==1.17.1 statsmodels==0.15.0 matplotlib==3.11.2 baycomp==1.0.3 2>/dev/null
cat > "$folder/ask.py" <<'PYTHON'
import contextlib
import io
import re

import numpy as np
import pandas as pd
from autorank import autorank, create_report

scores = np.array([1.0] * 9 + [0.2] * 3)
tied = pd.DataFrame({name: scores for name in "abc"})
apart = tied.assign(c=np.where(np.arange(12) == 0, 0.9, scores))


def told(name, data):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        result = autorank(data)
        create_report(result)
    verdict = re.search(r"we assume that there is (?:a|no) statistically significant difference", out.getvalue())[0]
    print(f"{name}: {result.omnibus} p = {result.pvalue:.2f}: {verdict}")


told("all tie", tied)
told("all but one tie", apart)
PYTHON
MPLBACKEND=agg "$folder/venv/bin/python" -W ignore "$folder/ask.py" | grep " p = " | tee "$folder/seen"
diff - "$folder/seen" <<'SEEN'
all tie: friedman p = nan: we assume that there is a statistically significant difference
all but one tie: friedman p = 0.37: we assume that there is no statistically significant difference
SEEN
