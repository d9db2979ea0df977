#!/usr/bin/env bash
# apache-otava 0.8.0: its Student's t-test takes population deviations for sample deviations, so that p is too small.
#
# Expected: `TTestSignificanceTester.compare`, "two-sided Student's T-test" that "works well even with tiny numbers of points
# (<10)", gives the p of Student's t-test of the two series.
# Seen: it calls scipy's `ttest_ind_from_stats`, which asks for corrected sample deviations (ddof=1), with `np.std` as it is
# (ddof=0). p comes out too small, the more so the fewer points: half of Student's, or less, for two and two or three
# and three. Change points of few runs pass `max_pvalue` that the documented test rejects.
#
# Output seen:
#   2 and 2 points: otava p = 0.0115, Student's p = 0.0227
#   3 and 3 points: otava p = 0.0009, Student's p = 0.0020
#   otava reports change points at ['3'] with max_pvalue 0.001
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-otava==0.8.0 numpy==2.2.0 scipy==1.16.3 2>/dev/null
cat > "$folder/ask.py" <<'PYTHON'
from otava.analysis import TTestSignificanceTester
from otava.series import AnalysisOptions, Metric, Series
from scipy.stats import ttest_ind

tester = TTestSignificanceTester(0.001)
pairs = [([1.0, 1.1], [1.5, 1.62]), ([1.0, 1.1, 1.05], [1.3, 1.41, 1.36])]
for left, right in pairs:
    ours, students = tester.compare(left, right).pvalue, ttest_ind(left, right).pvalue
    print(f"{len(left)} and {len(right)} points: otava p = {ours:.4f}, Student's p = {students:.4f}")
values = [value for side in pairs[1] for value in side]
series = Series("s", None, list(range(len(values))), {"m": Metric()}, {"m": values}, {})
found = series.analyze(AnalysisOptions()).change_points["m"]
print(f"otava reports change points at {[str(one.index) for one in found]} with max_pvalue {AnalysisOptions().max_pvalue:g}")
PYTHON
"$folder/venv/bin/python" "$folder/ask.py" | tee "$folder/seen"
diff - "$folder/seen" <<'SEEN'
2 and 2 points: otava p = 0.0115, Student's p = 0.0227
3 and 3 points: otava p = 0.0009, Student's p = 0.0020
otava reports change points at ['3'] with max_pvalue 0.001
SEEN
