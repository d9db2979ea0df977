"""`adapt:` names parts that there are; what names nothing is refused with its place and the names that would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.registry import Registry, load_registry
from bench.suite import load

SUITE = """\
version: 1
name: parts
datasets:
  generated: {use: synthetic}
protocols:
  cold: {use: user-holdout}
base_models:
  lr: {use: lr}
  deepfm: {use: deepfm, hidden: [4, 4]}
methods:
  m: {selector: {use: mlp, hidden: [4]}, meta_learner: {use: maml, adapt: [selector]}}
seeds: [0]
"""


@pytest.fixture(scope="module")
def installed() -> Registry:
    return load_registry(autoload=False)


def written(folder: Path, adapt: str, *changes: tuple[str, str]) -> Path:
    text = SUITE.replace("adapt: [selector]", f"adapt: {adapt}")
    for old, new in changes:
        text = text.replace(old, new)
    (folder / "suite.yaml").write_text(text, "utf-8")
    return folder / "suite.yaml"


@pytest.mark.parametrize(
    ("adapt", "full"),
    [
        ("[selector]", False),
        ("[selector/scores.2]", False),
        ("[selector/scores, selector/embeddings]", False),
        ("[selector, base_models]", True),
        ("[base_models]", True),
        ("[selector, deepfm]", True),
        ("[selector, deepfm/factors, lr/bias]", True),
        ("[deepfm/deep]", True),
    ],
)
def test_parts_that_there_are(tmp_path: Path, installed: Registry, adapt: str, full: bool) -> None:
    learner = load(written(tmp_path, adapt), installed).methods["m"].meta_learner
    assert learner is not None
    assert learner.full == full
    assert f"[{', '.join(learner.adapt)}]" == adapt


@pytest.mark.parametrize(
    ("adapt", "expected"),
    [
        (
            "[selectr]",
            "adapt names 'selectr', but there is no such network; did you mean 'selector'?",
        ),
        (
            "[selector, base_model]",
            "adapt names 'base_model', but there is no such network; did you mean 'base_mod",
        ),
        (
            "[xyz]",
            "adapt names 'xyz', but there is no such network; there are: selector, base_models, lr, deepfm",
        ),
        (
            "[fm/factors]",
            "adapt names 'fm/factors', but there is no such network; there are: selector, base_models, lr, deepfm",
        ),
        (
            "[lr/factors]",
            "adapt names 'lr/factors', but 'lr' has no 'factors'; its parts are linear, bias",
        ),
        (
            "[selector/scores.4]",
            "adapt names 'selector/scores.4', but 'selector' has no 'scores.4'; its parts are embeddings, "
            "scores.0.weight, scores.0.bias, scores.2.weight, scores.2.bias",
        ),
        (
            "[selector/score]",
            "adapt names 'selector/score', but 'selector' has no 'score'; its parts are",
        ),
        ("[selector/]", "adapt names 'selector/', but 'selector' has no ''; its parts are"),
        (
            "[selector, selector]",
            "methods.m.meta_learner.adapt: holds 'selector' twice; remove one",
        ),
    ],
)
def test_what_names_nothing_is_refused(
    tmp_path: Path, installed: Registry, adapt: str, expected: str
) -> None:
    with pytest.raises(SuiteError) as caught:
        load(written(tmp_path, adapt), installed)
    line = (tmp_path / "suite.yaml").read_text("utf-8").split("\n")[10]
    column = line.index("adapt: [") + len("adapt: ") + 1
    if expected.startswith("adapt names"):  # the entry itself, else the list
        column = line.index(expected.split("'")[1], column) + 1
    assert str(caught.value).startswith(f"{tmp_path}/suite.yaml:11:{column}: {expected}")


@pytest.mark.parametrize("name", ["selector", "base_models", "selector/scores"])
def test_a_base_model_with_a_name_of_adapt_is_refused(
    tmp_path: Path, installed: Registry, name: str
) -> None:
    with pytest.raises(
        SuiteError, match=f"8:3: '{name}' means another thing in `adapt`; choose another name"
    ):
        load(written(tmp_path, "[selector]", ("  lr:", f"  {name}:")), installed)
