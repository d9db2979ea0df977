"""What a metric of a stranger's hands back is a score, or is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import PluginError
from tests.run.conftest import by_method

WRONG = Path(__file__).parent.parent / "fixtures" / "wrong_metrics.py"


def with_metric(write_suite, name: str) -> Path:
    file = write_suite()
    text = file.read_text("utf-8").replace("gate:", f"metrics: [logloss, auc, {name}]\ngate:")
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bare", "compute gave float; it gives a bench.interfaces.Score"),
        ("not-a-number", r"compute gave nan; where it is undefined it gives Score\(None, reason\)"),
    ],
)
def test_what_is_no_score_is_refused_with_metric_and_trial(go, write_suite, name, reason):
    file = with_metric(write_suite, name)
    with pytest.raises(PluginError, match=f"^metric '{name}' on small/cold .* seed 0: {reason}$"):
        go(file, plugins=(WRONG,))


def test_a_number_of_numpy_is_one(go, write_suite):
    finished, _ = go(with_metric(write_suite, "numpy"), plugins=(WRONG,))
    values = {record["metrics"]["numpy"]["value"] for record in by_method(finished).values()}
    assert values == {0.25}
