"""Results of two machines, put together by copying one folder into the other: `cp -r b/. a/`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.job.outcome import Outcome
from bench.records import digest, load, write_analyses, write_manifest
from bench.records import write_record as write
from bench.records.repair import repair
from bench.records.verify import conflicts_between, verify
from tests.records import made

METHODS = made.METHODS


def record(
    method: str, seed: int, recipe: dict[str, str] | None = None, **identity: Any
) -> dict[str, Any]:
    """`recipe`: what of it is other than that of the method's other seeds."""
    one = made.record(method)
    one["trial"]["seed"] = seed
    one["identity"] |= {"harness": "h", "settings": {"of": method}, "plugins": []} | identity
    one["recipe"] = {"settings": method, "division": "d"} | (recipe or {})
    one["id"] = digest([one["identity"], one["trial"]])[:32]
    return one


def make(folder: Path, seeds: tuple[int, ...], methods: tuple[str, ...] = METHODS) -> Path:
    """A run of these seeds and methods of a suite whose own seed is 0."""
    lines = []
    for seed in sorted({0, *seeds}):
        for method in METHODS:
            one = record(method, seed)
            asked = seed in seeds and method in methods
            if asked:
                write(folder, one)
            done = {"record": one["id"] if asked else None, "status": "ok" if asked else None}
            lines.append(
                {**one["trial"], "kind": one["kind"], "id": one["id"], "asked": asked} | done
            )
    manifest = made.manifest(lines)
    manifest["datasets"] = {"ml": {"label": "x", "counts": {}, "source": {}, "digest": "d" * 64}}
    manifest["splits"] = {"ml/cold": {"digest": "s" * 64}}
    recipes = {method: record(method, 0)["recipe"] for method in METHODS}
    manifest["recipes"] = {"ml": {"cold": recipes}}
    manifest["seeds"] = list(seeds)
    manifest["status"] = "part"
    write_manifest(folder, manifest)
    write_analyses(folder, load(folder).records, {"ml/cold": {"seeds": list(seeds)}}, {})
    made.write_companions(folder, {"ml": {"digest": "d" * 64}})
    return folder


def copied(one: Path, into: Path) -> Path:
    shutil.copytree(one, into, dirs_exist_ok=True)
    return into


@pytest.mark.parametrize("order", ["a into b", "b into a"])
@pytest.mark.parametrize("analysis", ["of either", "of the other one"])
def test_seeds_of_two_machines_make_one_run(tmp_path: Path, order: str, analysis: str) -> None:
    a, b = make(tmp_path / "a", (5,)), make(tmp_path / "b", (6,))
    if order == "a into b":
        a, b = b, a
    own_analysis = (a / "analysis.json").read_bytes()
    together = copied(b, a)
    if analysis == "of the other one":
        (together / "analysis.json").write_bytes(own_analysis)
    unlisted = [one for one in verify(together).findings if one.kind == "unlisted"]
    assert len(unlisted) == len(METHODS)
    assert "--repair" in unlisted[0].fix
    repair(together)
    run = load(together)
    trials = [(one["trial"]["seed"], one["trial"]["method"]) for one in run.records]
    assert sorted(trials) == sorted((seed, method) for seed in (5, 6) for method in METHODS)
    assert run.manifest["seeds"] == [5, 6]
    assert run.manifest["status"] == "part"
    assert {one.kind for one in verify(together).findings} == {"outdated"}  # the analysis
    assert repair(together) == []


def test_methods_of_two_machines_need_no_repair(tmp_path: Path) -> None:
    a = make(tmp_path / "a", (0,), ("lr",))
    b = make(tmp_path / "b", (0,), ("fm", "average"))
    together = copied(b, a)
    assert len(load(together).records) == len(METHODS)
    found = verify(together)
    assert found.exit_code == 0
    assert {one.file for one in found.findings} == {"manifest.json", "analysis.json"}
    repair(together)
    assert load(together).manifest["status"] == "complete"


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        ({"data": "e" * 64}, "it is of other data"),
        ({"split": "e" * 64}, "it is of another division of the data"),
        ({"harness": "i"}, "its harness code is not that of the records that are listed"),
        ({"metrics": {"auc": 2}}, "its set of metrics is not that of the records that are listed"),
        ({"settings": {"of": "x"}}, "its settings is not that of the records that are listed"),
        (
            {"plugins": [{"name": "lr", "origin": "o", "digest": "d"}]},
            "its plugin code is not that",
        ),
        ({"files": {"f": "e"}}, "its files is not that"),
    ],
)
def test_a_record_of_something_else_is_stray_and_says_why(
    tmp_path: Path, identity: dict[str, Any], told: str
) -> None:
    folder = make(tmp_path / "a", (5,))
    refused_with(folder, write(folder, record("fm", 6, **identity)), told)


def refused_with(folder: Path, other: dict[str, Any], told: str) -> None:
    """It is left where it lies, no report shows it, and the reason is said."""
    (found,) = verify(folder).findings
    assert found.kind == "stray"
    assert f"ml/cold fm, seed 6: {told}" in found.what
    assert repair(folder) == []
    assert found.file == f"records/{other['id']}.json"
    assert verify(folder).exit_code == 0


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (
            "fits",
            "its pool of base models (their settings, code or fits) is not that of its method",
        ),
        ("division", "its way of dividing the data is not that"),
        ("source", "its source of base predictions (base_predictions, folds) is not that"),
        ("resources", "its number of threads is not that"),
        ("software", "its set of versions"),
        ("of a later version", "its of a later version is not that"),
    ],
)
@pytest.mark.parametrize("by_seed", [False, True])
def test_a_record_of_other_settings_below_its_method_is_stray(
    tmp_path: Path, part: str, told: str, by_seed: bool
) -> None:
    """Its own settings say nothing of its base models, nor its division of how that was made."""
    folder = make(tmp_path / "a", (5,))
    made.edit(
        folder / "manifest.json",
        lambda value: value["splits"]["ml/cold"].update(by_seed=by_seed),
        seal=True,
    )
    refused_with(folder, write(folder, record("fm", 6, recipe={part: "other"})), told)


@pytest.mark.parametrize("older", ["record", "manifest"])
def test_what_an_older_version_wrote_is_not_joined_since_nobody_can_tell(
    tmp_path: Path, older: str
) -> None:
    folder = make(tmp_path / "a", (5,))
    other = record("fm", 6)
    if older == "record":
        del other["recipe"]
    else:
        made.edit(folder / "manifest.json", lambda value: value.pop("recipes"), seal=True)
    refused_with(folder, write(folder, other), "an older version wrote it, and nothing tells")


def test_an_older_identity_of_a_listed_trial_is_stray(tmp_path: Path) -> None:
    folder = make(tmp_path / "a", (5,))
    write(folder, record("fm", 5, steps=["older"]))
    (found,) = verify(folder).findings
    assert (found.kind, repair(folder)) == ("stray", [])
    assert "lists its trial under another id" in found.what


def test_a_method_or_a_dataset_that_the_suite_lacks_is_stray(tmp_path: Path) -> None:
    folder = make(tmp_path / "a", (5,))
    write(folder, record("deepfm", 5))
    elsewhere = record("fm", 5)
    elsewhere["trial"]["protocol"] = "warm"
    elsewhere["id"] = "w" * 32
    write(folder, elsewhere)
    whats = sorted(one.what for one in verify(folder).findings)
    assert "the manifest has no method deepfm" in whats[0]
    assert "the manifest has no ml/warm" in whats[1]


def test_two_ids_of_one_trial_are_both_left_alone(tmp_path: Path) -> None:
    folder = make(tmp_path / "a", (5,))
    for step in ("one", "two"):
        write(folder, record("fm", 6, steps=[step]))
    found = verify(folder).findings
    assert [one.kind for one in found] == ["stray", "stray"]
    assert "neither is listed" in found[0].what
    assert repair(folder) == []


def test_divisions_by_seed_are_no_other_division(tmp_path: Path) -> None:
    folder = make(tmp_path / "a", (5,))
    write(folder, record("fm", 6, split="t" * 64))
    assert verify(folder).findings[0].kind == "stray"
    made.edit(
        folder / "manifest.json",
        lambda value: value["splits"]["ml/cold"].update(by_seed=True),
        seal=True,
    )
    assert "unlisted" in {one.kind for one in verify(folder).findings}
    write(folder, record("lr", 5, split="t" * 64))
    (stray,) = [one for one in verify(folder).findings if one.kind == "stray"]
    assert "another id" in stray.what


def test_a_failure_that_a_copy_brought_is_joined_too(tmp_path: Path) -> None:
    folder = make(tmp_path / "a", (5,))
    for method in ("lr", "average"):
        write(folder, record(method, 6))
    write(folder, failed("fm", 6))
    repair(folder)
    assert [line["method"] for line in load(folder).lacking] == ["fm"]
    assert verify(folder).exit_code == 4


def test_a_part_is_called_one(tmp_path: Path) -> None:
    """A copy may have replaced the manifest that asked for the rest."""
    a, b = make(tmp_path / "a", (0,), ("lr", "fm")), make(tmp_path / "b", (0,), ("average",))
    (a / "records" / f"{record('fm', 0)['id']}.json").unlink()  # killed before it was done
    together = copied(b, a)
    told = CliRunner().invoke(main, ["verify", str(together)])
    assert f"{together}: whole: 3 trials, 1 not asked for, 2 records" in told.stdout
    assert load(together).manifest["status"] == "part"


def test_a_copy_that_forgot_what_was_asked_for_is_not_complete(tmp_path: Path) -> None:
    """The copy's manifest replaced the one that knew: a killed run of seed 6 had lr alone."""
    folder = make(tmp_path / "a", (0,))
    write(folder, record("lr", 6))
    before = verify(folder)
    repaired = repair(folder)
    after = verify(folder)
    for found in (before, after):
        assert found.exit_code == 4
        lacking = [one.what for one in found.of_kind("lacking")]
        assert [what.split(" has no")[0].split(" was asked")[0] for what in lacking] == [
            "ml/cold fm, seed 6", "ml/cold average, seed 6",
        ]  # fmt: skip
    assert "manifest.json: lists ml/cold fm, seed 6, which has no result" in repaired
    assert load(folder).manifest["status"] == "incomplete"
    assert load(folder).manifest["seeds"] == [0, 6]
    assert repair(folder) == []
    write(folder, record("fm", 6))  # a later copy brings one of them
    repair(folder)
    assert [line["method"] for line in load(folder).lacking] == ["average"]
    write(folder, record("average", 6))
    repair(folder)
    assert load(folder).manifest["status"] == "complete"
    assert verify(folder).exit_code == 0


def failed(method: str, seed: int, status: Any = "error", **more: Any) -> dict[str, Any]:
    outcome = Outcome(status=status, reason="why").model_dump(mode="json")
    return record(method, seed) | {"outcome": outcome} | more


@pytest.mark.parametrize("created", ["2024", "2026"])
@pytest.mark.parametrize("order", ["result into failure", "failure into result"])
def test_a_failure_of_another_machine_hides_no_result(
    tmp_path: Path, created: str, order: str
) -> None:
    a, b = make(tmp_path / "a", (5,)), make(tmp_path / "b", (6,))
    dated = record("fm", 5) | {"created": "2025"}
    (a / "records" / f"{dated['id']}.json").unlink()
    write(a, dated)
    failure = b / "failures" / f"{write(b, failed('fm', 5, 'memory', created=created))['id']}.json"
    if order == "failure into result":
        (a / "failures").mkdir()
        shutil.copy(failure, a / "failures")
        together = a
    else:
        together = copied(a, b)
    (fm,) = [one for one in load(together).records if one["trial"]["method"] == "fm"]
    assert fm["outcome"]["status"] == "ok"
    found = {one.file: one.what for one in verify(together).findings}
    assert found[f"failures/{failure.name}"] == "its trial has a result, which counts"
    repair(together)
    assert verify(together).exit_code == 0
    assert not (together / "failures" / failure.name).exists()


def test_a_later_try_that_failed_where_the_result_stood_counts(tmp_path: Path) -> None:
    folder = make(tmp_path / "a", (5,))
    write(folder, failed("fm", 5))
    assert repair(folder)
    assert [line["method"] for line in load(folder).lacking] == ["fm"]
    assert verify(folder).exit_code == 4


def test_the_same_trial_twice_with_one_result_is_fine_and_with_two_a_conflict(
    tmp_path: Path,
) -> None:
    a, b = make(tmp_path / "a", (5,)), make(tmp_path / "b", (5,))
    for path in (b / "records").iterdir():
        made.edit(path, lambda one: one["cost"]["own"].update(train_cpu_s=9.0), seal=True)
    assert conflicts_between([a, b]) == []
    assert verify(copied(b, copied(a, tmp_path / "c"))).exit_code == 0

    path = b / "records" / f"{record('fm', 5)['id']}.json"
    made.edit(path, lambda one: one["metrics"]["auc"].update(value=0.75), seal=True)
    told = CliRunner().invoke(main, ["verify", str(a), str(b)])
    assert told.exit_code == 5
    assert (
        f"conflict: {a}/records/{path.name}: ml/cold fm, seed 5 has another result in {b}"
        in told.stdout
    )
    assert "copy neither over the other" in told.stdout
