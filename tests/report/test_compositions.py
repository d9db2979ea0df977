"""What a report says that each method is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.records import load
from bench.report import Note, Report, Terms, build, document, summary
from bench.report.content.model import Composition
from bench.report.sections.compositions import methods_blocks
from bench.report.words.blocks import Lines

GOLDEN = Path(__file__).resolve().parents[2] / "results" / "golden"
META = Composition(
    "full", "method", "mlp", "An MLP.", "meta-sgd", "Learned rates", ("selector", "base_models"),
    ("item_id",),
)  # fmt: skip
HARD = Composition("hard", "method", "mlp", "", select="hard", calibrate="user")
MODEL = Composition("small", "base_model", "fm", "A machine of pairs.")


def told(*compositions: Composition) -> dict[str, str]:
    blocks = methods_blocks(replace(build(load(GOLDEN)), compositions=compositions))
    return {term: text for one in blocks if isinstance(one, Terms) for term, text in one.pairs}


def notes(report: Report) -> list[str]:
    return [one.text for one in methods_blocks(report) if isinstance(one, Note)]


def test_a_line_names_the_parts_and_what_their_plugins_say() -> None:
    assert told(META, HARD, MODEL) == {
        "full": "Selector mlp: An MLP. Under the meta-learner meta-sgd, which adapts the selector and the base models (not "
        "the rows of item_id): Learned rates.",
        "hard": "Selector mlp. Of its weights each user's highest model is taken alone. Its predictions are calibrated by "
        "user.",
        "small": "Base model fm: A machine of pairs.",
    }


def test_without_summaries_the_composition_is_shown_and_where_more_is_said() -> None:
    report = build(load(GOLDEN))
    old = replace(
        report, compositions=tuple(replace(one, summary="") for one in report.compositions)
    )
    assert notes(old)[-1] == "What a plugin is: bench describe PLUGIN."
    assert notes(replace(old, compositions=(META,)))[-1].startswith("Parameters of a plugin")


def test_the_pool_is_said_once() -> None:
    assert notes(build(load(GOLDEN)))[0] == (
        "Every method is over the same pool of 3 base models: lr, ffm and deepfm."
    )


def test_the_summary_says_where_methods_are_told() -> None:
    report = build(load(GOLDEN))
    lines = [line for one in summary(report) if isinstance(one, Lines) for line in one.lines]
    assert "What each method is: --section made." in lines
    without = replace(report, compositions=())
    assert "What each method is" not in str(list(summary(without)))
    assert "The methods" not in str(list(document(without)))
