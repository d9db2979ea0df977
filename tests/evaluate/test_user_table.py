from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import entropy
from sklearn.metrics import log_loss, roc_auc_score

from bench.evaluate import user_table
from tests.evaluate.query_rows import POOL, make_rows, taken


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits.astype(float)))


def test_a_row_a_user_is_what_a_loop_over_users_finds(tmp_path: Path) -> None:
    rows = make_rows()
    pq.write_table(user_table(rows, "gating"), tmp_path / "users.parquet")
    table = pq.read_table(tmp_path / "users.parquet").to_pylist()
    assert [line["user"] for line in table] == sorted(set(rows.users.tolist()))
    classes = set()
    for line in table:
        mine = np.flatnonzero(rows.users == line["user"])
        y, z = rows.y[mine], rows.logits["gating"][mine]
        history, rate = rows.history[mine[0]], rows.support_rate[mine[0]]
        classes.add(len(set(y)))
        losses = {
            name: log_loss(y, sigmoid(rows.logits[name][mine]), labels=[0, 1]) for name in POOL
        }
        weights = rows.weights["gating"][mine].astype(float)
        assert line["rows"] == len(mine)
        assert line["positives"] == (None if len(mine) == 1 else y.sum())
        assert line["support_rows"] == history
        assert line["support_positives"] == (round(rate * history) if history else 0)
        assert line["logloss"] == pytest.approx(log_loss(y, sigmoid(z), labels=[0, 1]))
        assert line["auc"] == (pytest.approx(roc_auc_score(y, z)) if len(set(y)) == 2 else None)
        assert line["best_model_logloss"] == pytest.approx(min(losses.values()))
        assert line["best_model"] == min(losses, key=lambda name: round(losses[name], 12))
        assert line["chosen_model"] == POOL[weights.mean(axis=0).argmax()]
        assert [line[f"weight:{name}"] for name in POOL] == pytest.approx(weights.mean(axis=0))
        assert line["entropy"] == pytest.approx(
            np.mean([entropy(row, base=3) for row in weights]), abs=1e-6
        )
    assert classes == {1, 2}


def test_order_of_rows_changes_nothing() -> None:
    rows = make_rows()
    again = taken(rows, np.random.default_rng(0).permutation(len(rows.y)))
    mine, theirs = (user_table(one, "gating").to_pandas() for one in (rows, again))
    for column in mine:
        if mine[column].dtype.kind == "f":
            np.testing.assert_allclose(mine[column], theirs[column], rtol=1e-12)
        else:
            assert mine[column].equals(theirs[column])


def test_what_has_no_meaning_is_null() -> None:
    rows = make_rows()
    plain = user_table(rows, "plain")
    assert [plain[name].null_count for name in ("chosen_model", "entropy")] == [plain.num_rows] * 2
    assert not [name for name in plain.column_names if name.startswith("weight:")]
    lost = rows._replace(logits={"plain": rows.logits["plain"], "lr": rows.logits["lr"]})
    assert user_table(lost, "plain")["best_model"].null_count == plain.num_rows
    one = rows._replace(
        pool=("lr",), weights={"gating": np.ones((len(rows.y), 1), dtype=np.float32)}
    )
    table = user_table(one, "gating")
    assert table["entropy"].null_count == plain.num_rows
    assert set(table["chosen_model"].to_pylist()) == {"lr"}
    equal = rows._replace(weights={"gating": np.full((len(rows.y), 3), 1 / 3, dtype=np.float32)})
    assert user_table(equal, "gating")["chosen_model"].null_count == plain.num_rows
    assert plain.schema.remove_metadata() == user_table(lost, "plain").schema.remove_metadata()
    assert table["logloss"].null_count == 0
