from __future__ import annotations

import numpy as np

from bench.data.views.rows import TaskView
from bench_baselines.average import Average
from tests.plugins.bench_baselines.parts import CONTEXT


def test_every_model_weighs_the_same_in_every_row(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    selector = Average(Average.Params())
    selector.fit(train, valid, CONTEXT)
    selection = selector.predict(unseen)
    assert selection.logits is None
    assert selection.weights is not None
    np.testing.assert_allclose(
        selection.weights, np.full((len(unseen.query), 3), 1 / 3), rtol=1e-15
    )
