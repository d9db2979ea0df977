#!/usr/bin/env bash
# autorank 1.3.0: where scores look normal, its post-hoc test forgets that they are paired, and finds nothing.
#
# Expected: scores of three methods on the same 20 data sets are paired (each row is a data set, as its documentation asks), so
# how hard a data set is, which all methods share, changes neither the omnibus test nor which methods are found to differ.
# Seen: for normal scores the omnibus test is a repeated-measures ANOVA, which is paired. The post-hoc test behind it is Tukey's
# for independent groups: what data sets share counts as noise. Here method c is ahead of a on 20 of 20 data sets, the ANOVA has
# p = 1.6e-19, and the report names no difference. With the mean of each data set taken off (the same differences between methods
# on every data set, and the same ANOVA to all digits) it says that all three differ. A paired t-test of a and c, times three
# comparisons, gives 3.7e-13 for both.
#
# Output seen:
#   as they are: anova p = 1.6e-19, paired a and c p = 3.7e-13: no significant differences within the following groups: a, b, and c
#   data sets made equal: anova p = 1.6e-19, paired a and c p = 3.7e-13: all differences between the populations are significant
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
from scipy import stats

draw = np.random.default_rng(0)
easy = draw.normal(0.75, 0.1, 20)
scores = pd.DataFrame(
    {name: easy + ahead + draw.normal(0, 0.005, 20) for name, ahead in (("a", 0.0), ("b", 0.01), ("c", 0.03))}
)
equal = scores.sub(scores.mean(axis=1), axis=0) + 0.75
assert (scores["c"] > scores["a"]).all()


def told(name, data):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        result = autorank(data)
        create_report(result)
    last = re.search(r"we assume that (?:there are )?([^:.]*(?:: [^.]*)?)\.(?: All other[^\n]*)?\n*$", out.getvalue())
    paired = 3 * stats.ttest_rel(data["a"], data["c"]).pvalue
    print(f"{name}: {result.omnibus} p = {result.pvalue:.1e}, paired a and c p = {paired:.1e}: {last[1]}")


told("as they are", scores)
told("data sets made equal", equal)
PYTHON
MPLBACKEND=agg "$folder/venv/bin/python" -W ignore "$folder/ask.py" | grep " p = " | tee "$folder/seen"
diff - "$folder/seen" <<'SEEN'
as they are: anova p = 1.6e-19, paired a and c p = 3.7e-13: no significant differences within the following groups: a, b, and c
data sets made equal: anova p = 1.6e-19, paired a and c p = 3.7e-13: all differences between the populations are significant
SEEN
