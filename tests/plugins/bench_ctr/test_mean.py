from __future__ import annotations

import json
import math
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.errors import DataError
from bench.interfaces import Context
from bench_ctr.mean import Mean
from tests.datasets import make_interactions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    make_interactions(folder, users=30, items=20, rows_per_user=8, seed=2)
    return folder


def divided(folder: Path, hide: bool = False) -> tuple[View, View]:
    """Every third row, and users 0 and 1, are for validation; a third of the training rows may hide their user."""
    interactions = Interactions.open(folder)
    held_out = (np.arange(len(interactions)) % 3 == 0) | (interactions.users < 2)
    labels, train = interactions.labels(), np.flatnonzero(~held_out)
    hidden = np.full(len(train), False)
    hidden[::3] = hide
    valid = np.flatnonzero(held_out)
    return View(interactions, train, labels[train], hidden), View(
        interactions, valid, labels[valid]
    )


def fitted(train: View, valid: View, **params: object) -> Mean:
    model = Mean(Mean.Params(**params))  # type: ignore[arg-type]
    model.fit(train, valid, Context(seed=0, threads=1, device="cpu", scratch=Path()))
    return model


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def slowly(train: View, rows: View, strengths: dict[str, float]) -> list[float]:
    """The definition, row by row; a strength for each field."""
    assert train.labels is not None
    labels = [int(label) for label in train.labels]
    rate = (sum(labels) + 1) / (len(labels) + 2)
    logits = []
    for row in range(len(rows)):
        total = logit(rate)
        for field, strength in strengths.items():
            code = int(rows.codes(field)[row])
            own = [
                label
                for label, other in zip(labels, train.codes(field), strict=True)
                if other == code
            ]
            if code != 0 and own:
                total += logit((sum(own) + strength * rate) / (len(own) + strength)) - logit(rate)
        logits.append(total)
    return logits


@pytest.mark.parametrize("hide", [False, True])
def test_logit_is_the_base_rate_s_plus_shrunken_deviations(folder: Path, hide: bool) -> None:
    train, valid = divided(folder, hide)
    found = fitted(train, valid, strengths=(4.0,)).predict(valid.without_labels())
    np.testing.assert_allclose(
        found, slowly(train, valid, {"user_id": 4.0, "item_id": 4.0}), rtol=1e-12
    )


def test_strengths_are_those_with_the_lowest_log_loss_on_the_validation_rows(folder: Path) -> None:
    train, valid = divided(folder)
    assert valid.labels is not None

    def log_loss(logits: list[float]) -> float:
        return sum(
            math.log1p(math.exp(-z if y else z)) for z, y in zip(logits, valid.labels, strict=True)
        )

    strengths = (0.3, 2.0, 8.0, 40.0)
    tried = [
        slowly(train, valid, {"user_id": u, "item_id": i}) for u, i in product(strengths, strengths)
    ]
    best = min(tried, key=log_loss)
    assert [tried.index(best)] != [0]
    np.testing.assert_allclose(
        fitted(train, valid, strengths=strengths).predict(valid), best, rtol=1e-12
    )


@pytest.mark.fault(18)
def test_an_unknown_user_and_item_has_the_base_rate(folder: Path) -> None:
    train, valid = divided(folder)
    item = train.codes("item_id")[0]
    others = train.take(train.codes("item_id") != item)
    assert others.labels is not None
    strangers = View(
        train.interactions, train.index[train.codes("item_id") == item], hide_users=True
    )
    rate = (others.labels.sum() + 1) / (len(others) + 2)
    np.testing.assert_allclose(
        fitted(others, valid).predict(strangers), logit(float(rate)), rtol=1e-12
    )


def test_the_fields_can_be_named(folder: Path) -> None:
    train, valid = divided(folder)
    found = fitted(train, valid, user_field="segment", strengths=(2.0,)).predict(valid)
    np.testing.assert_allclose(
        found, slowly(train, valid, {"segment": 2.0, "item_id": 2.0}), rtol=1e-12
    )


@pytest.mark.parametrize("field", ["price", "tags", "usr_id"])
def test_a_field_that_is_not_categorical_is_refused_with_those_that_are(
    folder: Path, field: str
) -> None:
    with pytest.raises(
        DataError, match=f"'{field}' is not a categorical field.*: user_id, item_id, segment$"
    ):
        fitted(*divided(folder), item_field=field)


def test_without_a_user_s_or_an_item_s_field_it_is_the_base_rate(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    meta = json.loads((tmp_path / "meta.json").read_text("utf-8"))
    for field in meta["fields"]:
        field["side"] = "context"
    (tmp_path / "meta.json").write_text(json.dumps(meta), "utf-8")
    train, valid = divided(tmp_path)
    np.testing.assert_allclose(
        fitted(train, valid).predict(valid), slowly(train, valid, {}), rtol=1e-12
    )


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_gives_finite_logits_on_its_side(folder: Path, label: int) -> None:
    train, valid = divided(folder)
    alike = View(train.interactions, train.index, np.full(len(train), label, dtype=np.uint8))
    logits = fitted(alike, valid).predict(valid)
    assert np.isfinite(logits).all()
    assert ((logits > 0) == bool(label)).all()
