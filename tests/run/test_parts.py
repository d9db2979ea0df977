"""A run's folder holds all that its suite was asked for, however many commands it took, and says what it lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.compare import compare
from bench.job.outcome import Outcome
from bench.records import load, read_manifest, record_path, write_record
from bench.report import build, to_json, to_markdown
from bench.run import analysing
from bench.run import manifest as manifests
from tests.run.conftest import Counting, status, write_ratings

ALL = 6  # lr, fm, average, user-best and two bounds: the trials of a seed


def two_seeds(file):
    file.write_text(file.read_text("utf-8").replace("seeds: [0]", "seeds: [0, 1]"), "utf-8")
    return file


def results(run):
    """(method, seed) of the trials that have a result."""
    return {
        (line["method"], line["seed"]) for line in run.manifest["trials"] if line["status"] == "ok"
    }


FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def headline(run):
    return to_markdown(build(run)).splitlines()[2].replace("\\", "")


def test_seeds_run_one_by_one_are_one_run(go, write_suite):
    file = two_seeds(write_suite())
    first, _ = go(file, seeds=(0,))
    assert first.manifest["status"] == "part"
    assert (
        headline(first) == "The run is a part of its suite: 6 of 12 trials have a result (seed 0)."
    )
    second, watcher = go(file, seeds=(1,))
    assert not any("seed 0" in title for title in watcher.titles)
    assert second.manifest["status"] == "complete"
    assert second.manifest["seeds"] == [0, 1]
    assert len(results(second)) == 2 * ALL
    assert set(second.analyses) == {"small/cold"}
    assert second.analyses["small/cold"]["seeds"] == [0, 1]
    whole, _ = go(file, "whole")
    assert [one["metrics"] for one in whole.records] == [one["metrics"] for one in second.records]
    assert whole.analyses == second.analyses


def test_a_part_of_a_complete_run_leaves_it_complete(go, write_suite):
    file = write_suite()
    before, _ = go(file)
    after, watcher = go(file, only=("lr",))
    assert watcher.titles == []
    assert after.manifest["status"] == "complete"
    assert after.records == before.records
    assert after.analyses == before.analyses


def test_a_seed_beyond_the_suite_s_stays_in(go, write_suite):
    file = write_suite()
    go(file, seeds=(7,), only=("lr",))
    run, _ = go(file)
    assert run.manifest["status"] == "complete"
    assert results(run) >= {("lr", 7), ("lr", 0), ("average", 0)}
    assert run.manifest["seeds"] == [0, 7]


@pytest.mark.fault(28)
def test_what_the_suite_would_not_compute_any_more_is_not_mixed_in(go, write_suite):
    go(write_suite(), seeds=(0, 3))
    changed = write_suite(models="  lr: {use: lr}\n  fm: {use: fm, embedding_dim: 3}")
    run, _ = go(changed, only=("lr",))
    assert results(run) == {("lr", 0), ("lr", 3)}, "the same trials under the changed suite"
    assert run.manifest["status"] == "part"
    (fm,) = [line for line in run.manifest["trials"] if line["method"] == "fm"]
    assert (fm["asked"], fm["record"], fm["seed"]) == (False, None, 0)


@pytest.mark.fault(28)
def test_of_other_data_nothing_is_left(go, write_suite, tmp_path):
    file = write_suite()
    go(file, seeds=(0, 3))
    write_ratings(tmp_path / "ratings.csv", seed=5)
    run, _ = go(file, only=("lr",))
    assert results(run) == {("lr", 0)}


def test_a_method_that_left_the_suite_leaves_the_run(go, write_suite):
    go(write_suite())
    run, _ = go(write_suite(methods="  average: {selector: {use: average}}"))
    assert run.manifest["status"] == "complete"
    assert set(status(run)) == {"lr", "fm", "average", "perfect-user", "perfect-sample"}


def test_a_part_is_called_so_everywhere(go, write_suite):
    run, _ = go(two_seeds(write_suite()), only=("lr",), seeds=(0,))
    report = build(run)
    assert report.exit_code == 0
    assert to_json(report)["status"] == "part"
    assert {(one["method"], one["seeds"]) for one in to_json(report)["not_asked"]} >= {
        ("lr", (1,)),
        ("fm", (0, 1)),
    }
    text = to_markdown(report).replace("\\", "")
    assert "1 of 12 trials have a result (seed 0)" in text
    assert (
        "11 trials of the suite were never asked for: fm, average, user-best, perfect-user and perfect-sample (seeds 0, 1); "
        "lr (seed 1). To add them, run the suite again without --seeds and --only."
    ) in text
    assert "| fm" not in text, "a row of nothing"


@pytest.mark.parametrize("asked", [(), ("--only", "lr")])
def test_the_command_says_what_part_of_the_suite_there_is(write_suite, tmp_path, asked):
    folders = ["--out", str(tmp_path / "out"), "--cache-dir", str(tmp_path / "cache")]
    told = CliRunner().invoke(
        main, ["run", str(write_suite()), "--executor", "inline", *folders, *asked]
    )
    assert told.exit_code == 0, told.output
    assert ("A part: 1 of 6 trials of the suite." in told.stderr) == bool(asked)


def test_a_part_that_does_what_it_is_asked_is_fine_whatever_failed_before(write_suite, tmp_path):
    folders = ["--out", str(tmp_path / "out"), "--cache-dir", str(tmp_path / "cache")]
    models = "  lr: {use: lr}\n  bad: {use: faulty, fault: raise}"
    file = write_suite(models=models, protocol="base_predictions: in-sample")
    plugin = ["--plugins", "tests/fixtures/faulty_plugin.py"]

    def go_on(*arguments):
        arguments = ("run", str(file), "--executor", "inline", *folders, *plugin, *arguments)
        return CliRunner().invoke(main, arguments)

    assert go_on("--only", "bad").exit_code == 4
    told = go_on("--only", "lr", "--json")
    assert told.exit_code == 0, told.stderr
    assert json.loads(told.stdout)["exit_code"] == 0
    assert "incomplete, and is a part of its suite" in headline(load(tmp_path / "out"))
    assert CliRunner().invoke(main, ["report", str(tmp_path / "out")]).exit_code == 4


def test_a_comparison_with_a_part_is_never_simply_fine(go, write_suite):
    file = two_seeds(write_suite())
    whole, _ = go(file)
    part, _ = go(file, "part", cache="cache-one", seeds=(1,))
    for base, candidate in ((whole, part), (part, whole)):
        found = compare(base, candidate)
        assert (len(found.pairs), len(found.absent), found.exit_code) == (ALL, ALL, 4)
    alike = compare(part, part)
    assert (alike.exit_code, alike.not_asked) == (0, (ALL, ALL))
    told = CliRunner().invoke(main, ["compare", str(part.folder), str(part.folder)]).stdout
    assert told.startswith("Fine as far as it goes (BASE is a part of its suite): 6 trials")
    assert "BASE is a part of its suite: 6 of its trials were never asked for." in told


@pytest.mark.fault(27)
@pytest.mark.parametrize("when", ["planning", "at work"])
def test_of_two_jobs_at_once_neither_loses_the_other_s_lines(go, write_suite, monkeypatch, when):
    """The second begins and ends while the first plans or is at work; both ask for seeds beyond the suite's."""
    file = write_suite()
    plain = manifests.begin

    def begin(folder, planned):
        monkeypatch.setattr(manifests, "begin", plain)
        if when == "planning":
            go(file, seeds=(6,), only=("lr", "fm"), cache="cache-one")
        begun = plain(folder, planned)
        if when == "at work":
            go(file, seeds=(6,), only=("lr", "fm"), cache="cache-one")
        return begun

    monkeypatch.setattr(manifests, "begin", begin)
    run, _ = go(file, seeds=(5,), only=("lr", "fm"))
    assert results(run) >= {(method, seed) for method in ("lr", "fm") for seed in (5, 6)}
    assert {line["seed"] for line in run.manifest["trials"] if not line["asked"]} == {0}
    assert run.analyses["small/cold"]["seeds"] == [5, 6]


@pytest.mark.fault(27)
def test_a_job_that_ends_first_does_not_hide_what_is_still_running(go, write_suite, monkeypatch):
    file = write_suite()
    plain = manifests.begin
    seen = []

    def begin(folder, planned):
        begun = plain(folder, planned)
        monkeypatch.setattr(manifests, "begin", plain)
        seen.append(go(file, only=("lr",), cache="cache-one")[0])
        return begun

    monkeypatch.setattr(manifests, "begin", begin)
    go(file)
    (meanwhile,) = seen
    assert meanwhile.manifest["status"] == "incomplete"
    assert meanwhile.lacking == (), "it has what it was asked for"
    assert {one.status for one in build(meanwhile).failures} == {"missing"}


# -- the manifest follows the records


@pytest.mark.fault(25)
def test_a_run_that_was_killed_shows_the_records_that_are_there(go, write_suite, monkeypatch):
    """Nothing is written after the kill: the manifest is still the one of the beginning."""
    file = two_seeds(write_suite())
    go(file, seeds=(0,))
    monkeypatch.setattr(manifests, "end", lambda *_, **__: None)
    go(file, only=("lr",))
    run = load(go(file, only=("fm",))[0].folder)
    on_disk = read_manifest(run.folder)["trials"]
    assert not any(line["record"] for line in on_disk), "the manifest knows of none"
    assert results(run) >= {("lr", 1), ("fm", 1), ("average", 0)}
    assert headline(run).endswith("8 of 12 trials have a result (seeds 0, 1).")


@pytest.mark.fault(25)
def test_a_complete_run_that_is_extended_and_killed_keeps_its_results(go, write_suite, monkeypatch):
    first, _ = go(write_suite())
    more = write_suite(
        methods="  average: {selector: {use: average}}\n  mix: {selector: {use: simplex}}"
    )

    class Killed(BaseException):
        pass

    class Kill(Counting):
        def planned(self, steps, trials, reused):
            raise Killed

    monkeypatch.setattr(manifests, "end", lambda *_, **__: None)
    with pytest.raises(Killed):
        go(more, watcher=Kill())
    run = load(first.folder)
    assert results(run) == {
        (name, 0) for name in ("lr", "fm", "average", "perfect-user", "perfect-sample")
    }
    assert [one.method for one in build(run).failures] == ["mix"]


def test_a_deleted_record_makes_no_complete_run(go, write_suite):
    file = write_suite()
    run, _ = go(file)
    record_path(run.folder, run.records[0]["id"]).unlink()
    run = load(run.folder)
    assert run.manifest["status"] == "incomplete"
    assert headline(run) == "The run is incomplete: 5 of 6 trials have a result (seed 0)."
    assert build(run).exit_code == 4
    again, _ = go(file)
    assert again.manifest["status"] == "complete"


def test_the_headline_names_the_model_that_took_the_methods_along(go, write_suite):
    models = "  lr: {use: lr}\n  theirs: {use: faulty, fault: raise}"
    plugins = (FIXTURES / "faulty_plugin.py",)
    run, _ = go(write_suite(models=models), plugins=plugins)
    assert headline(run) == (
        "The run is incomplete: 1 of 6 trials have a result (seed 0). theirs failed, and with it 4 trials that needed it; "
        '"What went wrong", below, says why.'
    )


def test_the_headline_names_a_method_that_failed_alone(go, write_suite):
    mix = "  mix: {selector: {use: off-simplex}}"
    run, _ = go(write_suite(methods=mix), plugins=(FIXTURES / "faulty_plugin.py",))
    assert headline(run).endswith(' mix failed; "What went wrong", below, says why.')


def test_a_failure_is_there_until_the_trial_has_a_result(go, write_suite, tmp_path):
    """A killed second try leaves the first one's reason, not a record of before."""
    file = write_suite()
    first, _ = go(file)
    failed = tmp_path / "one" / "failures"
    failed.mkdir()
    record = json.loads(record_path(first.folder, first.records[0]["id"]).read_text("utf-8"))
    ended = Outcome(status="error", reason="it went wrong").model_dump(mode="json")
    write_record(first.folder, record | {"outcome": ended})
    assert status(load(first.folder))["lr"] == "error"
    again, _ = go(file)
    assert status(again)["lr"] == "ok"
    assert not list(failed.iterdir())


@pytest.mark.fault(27)
def test_runs_that_end_together_are_analysed_together(go, write_suite, monkeypatch):
    """Records that another job adds while this one compares are in the comparison in the end."""
    file = two_seeds(write_suite())
    plain = analysing.write_analyses

    def write(folder, *found):
        monkeypatch.setattr(analysing, "write_analyses", plain)
        go(file, seeds=(1,), cache="cache-two")
        plain(folder, *found)

    monkeypatch.setattr(analysing, "write_analyses", write)
    run, _ = go(file, seeds=(0,))
    assert load(run.folder).analyses["small/cold"]["seeds"] == [0, 1]
