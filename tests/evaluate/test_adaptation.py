"""What adaptation did, by user and in all, beside plain loops over made-up rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import log_loss

from bench.evaluate import Adaptation, QueryRows, user_table
from bench.evaluate.analysis.adaptation_effect import adaptation_effect
from bench.settings import PARAMETER_GROUPS
from tests.evaluate.query_rows import POOL, make_rows, taken


def adapted(seed: int = 0) -> QueryRows:
    """Rows of which "gating" is adapted; user 0 has no support and did not move, nobody has context rows."""
    rows, rng = make_rows(seed), np.random.default_rng([3, seed])
    users, n = len(np.unique(rows.users)), len(rows.y)
    support, moved = (
        rng.random((users, 2)).astype(np.float32),
        rng.random((users, 6)).astype(np.float32),
    )
    support[0], moved[0], moved[:, 5] = np.nan, 0, np.nan
    before, after = (rng.dirichlet([0.5] * len(POOL), n).astype(np.float32) for _ in range(2))
    logits = rng.normal(size=n).astype(np.float32)
    return rows._replace(
        adaptations={
            "gating": Adaptation(logits, rows.logits["gating"], before, after, support, moved)
        }
    )


def mean_loss(y: np.ndarray, logits: np.ndarray) -> float:
    return float(log_loss(y, 1 / (1 + np.exp(-logits.astype(float))), labels=[0, 1]))


def test_a_row_a_user_is_what_a_loop_over_users_finds() -> None:
    rows = adapted()
    one = rows.adaptations["gating"]
    for place, line in enumerate(user_table(rows, "gating").to_pylist()):
        mine = rows.users == line["user"]
        for side, (when, logits, weights) in enumerate(
            (
                ("before", one.logits_before, one.weights_before),
                ("after", one.logits_after, one.weights_after),
            )
        ):
            means = weights[mine].astype(float).mean(axis=0)
            assert line[f"logloss_{when}"] == pytest.approx(mean_loss(rows.y[mine], logits[mine]))
            assert [line[f"weight_{when}:{name}"] for name in POOL] == pytest.approx(means)
            assert line[f"chosen_model_{when}"] == POOL[means.argmax()]
            assert line[f"entropy_{when}"] == pytest.approx(
                np.mean([entropy(row.astype(float), base=3) for row in weights[mine]]), abs=1e-6
            )
            expected = None if place == 0 else pytest.approx(float(one.support_losses[place, side]))
            assert line[f"support_logloss_{when}"] == expected
        moved = one.movements[place, :5].tolist()
        assert [line[f"moved:{group}"] for group in PARAMETER_GROUPS[:5]] == moved
        assert line["moved:context"] is None
        assert line["moved_most"] == (
            None if place == 0 else PARAMETER_GROUPS[int(np.argmax(moved))]
        )


def test_of_other_methods_there_are_no_columns() -> None:
    assert not [
        name
        for name in user_table(adapted(), "plain").column_names
        if "before" in name or "moved" in name
    ]


def test_order_of_rows_changes_nothing() -> None:
    rows = adapted()
    order = np.random.default_rng(0).permutation(len(rows.y))
    one = rows.adaptations["gating"]
    again = taken(rows, order)._replace(
        adaptations={"gating": Adaptation(*(values[order] for values in one[:4]), *one[4:])}
    )
    mine, theirs = (user_table(of, "gating").to_pandas() for of in (rows, again))
    for column in mine:
        if mine[column].dtype.kind == "f":
            np.testing.assert_allclose(mine[column], theirs[column], rtol=1e-12)
        else:
            assert mine[column].equals(theirs[column])


def test_a_permutation_of_users_permutes_the_table() -> None:
    rows = adapted()
    ids = np.unique(rows.users)
    # the user at place p gets the id of place new[p]
    new = np.random.default_rng(0).permutation(len(ids))
    one, back = rows.adaptations["gating"], np.argsort(new)
    renamed = rows._replace(
        users=ids[new][np.searchsorted(ids, rows.users)],
        adaptations={
            "gating": one._replace(
                support_losses=one.support_losses[back], movements=one.movements[back]
            )
        },
    )
    mine, theirs = (user_table(of, "gating").to_pandas() for of in (rows, renamed))
    theirs = theirs.iloc[new].reset_index(drop=True)
    for column in mine.columns.drop("user"):
        assert mine[column].equals(theirs[column]), column


def test_all_in_all_it_is_the_mean_of_the_users() -> None:
    seeds = [adapted(0), adapted(1)]
    found = adaptation_effect(seeds, "gating")
    tables = [user_table(rows, "gating").to_pandas() for rows in seeds]
    both = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    assert found.users == len(both["user"])
    assert found.model_changed == np.mean(both["chosen_model_before"] != both["chosen_model_after"])
    for when in ("before", "after"):
        by_row = [
            mean_loss(rows.y, getattr(rows.adaptations["gating"], f"logits_{when}"))
            for rows in seeds
        ]
        assert getattr(found, f"logloss_{when}") == pytest.approx(np.mean(by_row))
        assert getattr(found, f"entropy_{when}") == pytest.approx(both[f"entropy_{when}"].mean())
        assert getattr(found, f"support_logloss_{when}") == pytest.approx(
            np.nanmean(both[f"support_logloss_{when}"])
        )
    most = [name for name in both["moved_most"] if name is not None]
    assert dict(found.moved_most) == {
        g: most.count(g) / found.users for g in PARAMETER_GROUPS if g in most
    }
    assert list(found.moved_most.values()) == sorted(found.moved_most.values(), reverse=True)


def test_who_gives_equal_weights_chooses_nobody() -> None:
    """As everywhere else: some users have equal weights before, and another has two equal ones after."""
    rows = adapted()
    one = rows.adaptations["gating"]
    before, after = one.weights_before.copy(), one.weights_after.copy()
    equal, other = rows.users % 2 == 0, rows.users[rows.users % 2 == 1][0]
    before[equal] = np.float32(1 / len(POOL))
    after[rows.users == other] = [0.45, 0.1, 0.45]
    rows = rows._replace(
        adaptations={"gating": one._replace(weights_before=before, weights_after=after)}
    )
    table = user_table(rows, "gating").to_pandas()
    assert table["chosen_model_before"].isna().tolist() == (table["user"] % 2 == 0).tolist()
    assert table["chosen_model_after"].isna().tolist() == (table["user"] == other).tolist()
    decided = table.dropna(subset=["chosen_model_before", "chosen_model_after"])
    expected = np.mean(decided["chosen_model_before"] != decided["chosen_model_after"])
    assert 0 < len(decided) < len(table)
    assert adaptation_effect([rows], "gating").model_changed == expected
    still = rows._replace(
        adaptations={"gating": one._replace(weights_before=np.full_like(before, 0.5))}
    )
    assert adaptation_effect([still], "gating").model_changed is None


def test_what_has_no_meaning_is_none() -> None:
    rows = adapted()
    one = rows.adaptations["gating"]
    still = one._replace(
        support_losses=np.full_like(one.support_losses, np.nan),
        movements=np.zeros_like(one.movements),
    )
    alone = still._replace(
        weights_before=one.weights_before[:, :1], weights_after=one.weights_after[:, :1]
    )
    found = adaptation_effect(
        [rows._replace(pool=("lr",), adaptations={"gating": alone})], "gating"
    )
    assert found.support_logloss_before is found.support_logloss_after is None
    assert found.entropy_before is found.entropy_after is None
    assert (found.model_changed, dict(found.moved_most)) == (0, {})
