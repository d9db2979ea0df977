"""The study's tables, against figures computed by hand."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from bench.evaluate import row_log_loss
from bench.job.outcome import Outcome
from benchmarks import study
from benchmarks.study import blocks, fill
from benchmarks.study_figure import write_figure
from benchmarks.study_growth import growth_table
from benchmarks.study_places import Place, Rows, read_places
from benchmarks.study_tables import (
    answers_across,
    contrasts_table,
    history_table,
    losses_across,
    methods_table,
)

ROOT = Path(__file__).resolve().parents[2]

USERS, ROWS = 40, 5


def rows(names, seed=0, noise=0.3):
    """Logits of which each method's are a little worse than those of the one before."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=USERS * ROWS)
    y = (generator.random(USERS * ROWS) < 1 / (1 + np.exp(-2 * truth))).astype(np.uint8)
    logits = {
        name: (2 * truth + noise * place * generator.normal(size=len(truth))).astype(np.float32)
        for place, name in enumerate(names)
    }
    return Rows(y, np.repeat(np.arange(USERS), ROWS), np.repeat(np.arange(USERS), ROWS), logits)


def cells(table, start):
    (line,) = (line for line in table.splitlines() if line.startswith(start))
    return [cell.strip() for cell in line.strip("|").split("|")]


def mean_loss(one, name, inside=slice(None)):
    return row_log_loss(one.y[inside], one.logits[name][inside]).mean()


def test_a_contrast_is_the_difference_over_the_seeds_that_both_were_run_with():
    place = Place("d", "cold", (), {0: rows(["full-5", "fine-tune"]), 1: rows(["full-5"], seed=1)})
    found = cells(contrasts_table(place), "| meta-training against the best fine-tuning |")
    expected = mean_loss(place.rows[0], "full-5") - mean_loss(place.rows[0], "fine-tune")
    assert found[2] == "1"
    assert found[3] == f"{expected:+.4f}"


def test_a_contrast_whose_methods_were_not_run_is_left_out():
    place = Place("d", "cold", (), {0: rows(["full-5", "gating"])})
    lines = contrasts_table(place).splitlines()[2:]
    assert [line.split("|")[2].strip() for line in lines] == ["full-5 − gating"]


def test_a_better_method_is_said_to_be_better():
    place = Place(
        "d", "cold", (), {seed: rows(["full-5", "fine-tune"], seed, noise=6.0) for seed in range(3)}
    )
    found = cells(contrasts_table(place), "| meta-training against the best fine-tuning |")
    assert found[5] == found[8] == "**better**"
    assert float(found[3]) < 0 < float(found[6])  # log loss and AUC
    swapped = Place(
        "d", "cold", (), {seed: rows(["fine-tune", "full-5"], seed, noise=6.0) for seed in range(3)}
    )
    found = cells(contrasts_table(swapped), "| meta-training against the best fine-tuning |")
    assert found[5] == found[8] == "**worse**"


def test_verdicts_are_adjusted_for_the_number_of_comparisons():
    """A difference that is beyond chance by itself and not among many."""
    logits = rows(["full-5", "fine-tune"], noise=1.1).logits
    others = [
        "fine-tune-5",
        "simplified-5",
        "user-calibration",
        "gating",
        "full-1",
        "full-5-first-order",
        "full-5-holdout",
    ]
    alone = rows(["full-5", "fine-tune"], noise=1.1)
    among = alone._replace(logits={**logits, **dict.fromkeys(others, logits["full-5"])})
    verdicts = [
        cells(
            contrasts_table(Place("d", "cold", (), {0: one})),
            "| meta-training against the best fine-tuning |",
        )[5]
        for one in (alone, among)
    ]
    assert verdicts == ["**better**", "tie"]


def test_the_committed_run_is_read_with_its_labels(tmp_path):
    """Means over seeds, and RelaImpr, are those that the run itself recorded."""
    places = read_places(
        ROOT / "results" / "golden", ROOT / "suites" / "golden.yaml", cache_dir=tmp_path
    )
    assert {place.name for place in places} == {"generated/cold", "generated/warm"}
    for place in places:
        table = methods_table(place)
        for record in place.records:
            if record["kind"] == "method":
                line = cells(table, f"| {record['trial']['method']} |")
                recorded = record["metrics"]
                assert line[1:4] == [
                    f"{recorded[metric]['value']:.4f}" for metric in ("logloss", "auc", "gauc")
                ]
                assert line[5] == f"{record['cost']['own']['train_cpu_s']:,.0f}"
            if record["kind"] == "base_model":
                bold = f"| **{record['trial']['method']}** (best single) |"
                assert bold not in table or cells(table, bold)[4] == "+0.00 %"
        assert table.count("(best single)") == 1


def test_tables_go_into_the_page_or_are_printed(tmp_path, monkeypatch, capsys):
    suites, page = tmp_path / "suites", tmp_path / "page.md"
    suites.mkdir()
    for name in ("golden", "never-run"):
        shutil.copy(ROOT / "suites" / "golden.yaml", suites / f"{name}.yaml")
    shutil.copytree(ROOT / "results" / "golden", tmp_path / "study-golden")
    page.write_text(
        "<!-- methods generated/cold -->\n<!-- end of methods generated/cold -->\n", "utf-8"
    )
    monkeypatch.setattr(study, "SUITES", suites)
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    study.main(
        ["--results", str(tmp_path), "--data-dir", str(ROOT / "suites"), "--pages", str(page)]
    )
    (cold, warm) = read_places(
        ROOT / "results" / "golden", ROOT / "suites" / "golden.yaml", cache_dir=tmp_path / "cache"
    )
    assert (cold.name, warm.name) == ("generated/cold", "generated/warm")
    assert methods_table(cold) in page.read_text("utf-8")
    told = capsys.readouterr().out
    assert "methods generated/cold: in page.md" in told
    assert f"methods generated/warm: no page has a place for it\n\n{methods_table(warm)}" in told
    assert "study-never-run: not run" in told


def test_of_several_pages_the_one_with_the_marks_gets_table_and_figure(tmp_path, monkeypatch):
    first, second, drawn = tmp_path / "first.md", tmp_path / "second.md", []
    first.write_text("nothing\n", "utf-8")
    second.write_text("<!-- growth d/cold -->\n<!-- end of growth d/cold -->\n", "utf-8")
    place = Place(
        "d", "cold", (), {0: rows([f"fine-tune[support_rows={size}]" for size in (5, 20)])}
    )
    (tmp_path / "support.yaml").write_text("", "utf-8")
    monkeypatch.setattr(study, "SUITES", tmp_path)
    monkeypatch.setattr(study, "read_places", lambda *_: [place])
    monkeypatch.setattr(study, "growth", lambda place: (place.name,))
    monkeypatch.setattr(study, "write_figure", lambda name, path: drawn.append((name, path)))
    study.main(["--pages", str(first), str(second)])
    assert first.read_text("utf-8") == "nothing\n"
    assert growth_table(place, (5, 20)) in second.read_text("utf-8")
    assert drawn == [("d/cold", tmp_path / "second.svg")]


def test_a_run_on_other_labels_is_refused(tmp_path):
    suite = tmp_path / "golden.yaml"
    text = (ROOT / "suites" / "golden.yaml").read_text("utf-8")
    assert "rating >= 4" in text
    suite.write_text(text.replace("rating >= 4", "rating >= 5"), "utf-8")
    with pytest.raises(ValueError, match="the log loss is not the one recorded"):
        read_places(
            ROOT / "results" / "golden",
            suite,
            data_dir=ROOT / "suites",
            cache_dir=tmp_path / "cache",
        )


def test_methods_with_fewer_seeds_have_a_table_of_their_own():
    def record(method, seed, loss):
        metrics = {m: {"value": loss, "reason": ""} for m in ("logloss", "auc", "gauc")}
        cost = {"own": {"train_cpu_s": 2.0, "predict_cpu_s": USERS / 1000, "trained_users": 30}}
        trial = {"dataset": "d", "protocol": "cold", "method": method, "seed": seed}
        return {
            "trial": trial, "outcome": Outcome().model_dump(mode="json"), "kind": "method", "metrics": metrics, "cost": cost,
            "identity": {"settings": {}}, "validation": {},
        }  # fmt: skip

    records = (
        record("full-5", 0, 0.5), record("full-5", 1, 0.7), record("average", 0, 0.6), record("average", 1, 0.6),
        record("full-5-holdout", 0, 0.55), {**record("lr", 0, 0.65), "kind": "base_model"},
        {**record("lr", 1, 0.65), "kind": "base_model"}, {**record("perfect-user", 0, 0.4), "kind": "bound"},
        {**record("perfect-user", 1, 0.3), "kind": "bound"},
    )  # fmt: skip
    logits = {0: rows(["full-5", "average", "full-5-holdout"]), 1: rows(["full-5", "average"])}
    both, first = methods_table(Place("d", "cold", records, logits)).split("Seed 0:")
    assert cells(both, "| full-5 |")[1] == "0.6000"
    assert "| full-5-holdout |" not in both
    assert [cells(first, f"| {name} |")[1] for name in ("full-5", "full-5-holdout")] == [
        "0.5000",
        "0.5500",
    ]
    assert cells(first, "| *perfect-user* (bound) |")[1] == "0.4000"
    assert "| lr |" in first or "| **lr**" in first
    assert "| average |" not in first  # which nothing there is compared with
    assert cells(both, "| full-5 |")[5:] == ["2", "15", "1.00"]
    lost = [
        {**record("maml", seed, 0.5), "outcome": {"status": "invalid_prediction"}, "metrics": {}}
        for seed in (1, 0)
    ]
    table = methods_table(Place("d", "cold", (*records, *lost), logits))
    assert table.endswith("\n\nWithout a result: maml in seed 0, 1 (invalid_prediction).")
    assert "| maml |" not in table


def test_users_are_parted_by_their_support():
    place = Place("d", "cold", (), {0: rows(["full-5", "fine-tune"])})
    found = [cells(history_table(place), f"| {low} to {low + 9} |") for low in (0, 10, 20, 30)]
    assert [int(line[1]) for line in found] == [10] * 4
    for part, line in enumerate(found):
        inside = slice(part * 10 * ROWS, (part + 1) * 10 * ROWS)
        one = place.rows[0]
        expected = mean_loss(one, "full-5", inside) - mean_loss(one, "fine-tune", inside)
        assert line[2].startswith(f"{expected:+.4f}")


def test_growth_has_a_column_for_each_length_of_support():
    names = [
        f"{family}[support_rows={size}]"
        for family in ("full-5-like-test", "fine-tune")
        for size in (5, 20)
    ]
    place = Place("d", "cold", (), {0: rows(names)})
    table = growth_table(place, (5, 20))
    one = place.rows[0]
    assert cells(table, "| full-5-like-test |")[1:] == [
        f"{mean_loss(one, name):.4f}" for name in names[:2]
    ]
    expected = [mean_loss(one, names[i]) - mean_loss(one, names[i + 2]) for i in range(2)]
    assert [cell.split()[0] for cell in cells(table, "| full-5-like-test − fine-tune |")[1:]] == [
        f"{d:+.4f}" for d in expected
    ]
    assert [name for name, _ in blocks("support", [place])] == ["growth d/cold"]


def test_places_stand_side_by_side():
    """Each with the methods that it was run with; adjusted for the comparisons of its own. What has fewer seeds says so."""
    names = ["full-5", "fine-tune", "gating"]
    one = Place("d", "cold", (), {seed: rows(names, seed, noise=6.0) for seed in range(3)})
    short = one.rows[2]._replace(logits={name: one.rows[2].logits[name] for name in names[1:]})
    one = one._replace(rows={**one.rows, 2: short})
    other = Place("e", "warm", (), {0: rows(["gating", "full-5"])})
    losses = losses_across((one, other))
    assert cells(losses, "| method |")[1:] == ["d/cold", "e/warm"]
    expected = np.mean([mean_loss(one.rows[seed], "full-5") for seed in range(2)])
    assert cells(losses, "| full-5 |")[1:] == [
        f"{expected:.4f} (seeds 0, 1)", f"{mean_loss(other.rows[0], 'full-5'):.4f}"
    ]  # fmt: skip
    assert cells(losses, "| fine-tune |")[1].startswith("**")  # full-5 is lower, over other seeds
    assert cells(losses, "| fine-tune |")[2] == ""
    assert cells(losses, "| gating |")[2].startswith("**")
    table = answers_across((one, other))
    assert cells(table, "| test users; seeds |")[2:] == [f"{USERS}; 0, 1, 2", f"{USERS}; 0"]
    alone = cells(contrasts_table(one), "| full against gating |")
    assert cells(table, "| full against gating |")[2] == " ".join(alone[3:6]) + " (seeds 0, 1)"
    assert cells(table, "| meta-training against the best fine-tuning |")[3] == ""
    assert [name for name, _ in blocks("others", [one, other])] == [
        "methods d/cold", "methods e/warm", "losses others/cold", "questions others/cold", "losses others/warm",
        "questions others/warm",
    ]  # fmt: skip
    same = dict(blocks("others", [one, other._replace(protocol="cold")]))
    assert same["losses others/cold"] == losses_across((one, other._replace(protocol="cold")))
    assert same["questions others/cold"] == answers_across((one, other._replace(protocol="cold")))
    lost = [
        {"trial": {"method": "lr", "seed": 0}, "outcome": {"status": "error"}, "kind": "base_model"}
    ]
    assert dict(blocks("others", [one, Place("e", "warm", lost, {})]))["methods e/warm"] == (
        "Without a result: lr in seed 0 (error)."
    )
    not_run = Place("e", "warm", (), {})
    assert [name for name, _ in blocks("others", [one, not_run])] == [
        "methods d/cold", "losses others/cold", "questions others/cold"
    ]  # fmt: skip


def test_a_table_goes_between_its_marks():
    page = "before\n<!-- a -->\nold\n<!-- end of a -->\nafter\n"
    assert fill(page, "a", "new") == "before\n<!-- a -->\nnew\n<!-- end of a -->\nafter\n"
    assert fill(fill(page, "a", "new"), "a", "old") == page
    with pytest.raises(ValueError, match="no marks <!-- b -->"):
        fill(page, "b", "new")


def test_the_figure_is_the_same_bytes_from_the_same_numbers(tmp_path):
    lines = {"full": [0.58, 0.55], "fine-tune": [0.57, 0.56]}
    for name in "ab":
        write_figure(lines, (5, 20), 0.6, tmp_path / f"{name}.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    write_figure(lines | {"full": [0.58, 0.54]}, (5, 20), 0.6, tmp_path / "c.svg")
    assert (tmp_path / "a.svg").read_bytes() != (tmp_path / "c.svg").read_bytes()
