"""A run keeps what its plugins say of themselves: reports import no plugin."""

from __future__ import annotations

import json

from bench.bibtex import entries
from bench.records import load, read_manifest
from bench.report import build, to_bibtex
from bench.report.sections.made import made_blocks
from bench.report.words.blocks import Lines
from tests.run.conftest import load_suite

PLUGIN = """
from bench import hookimpl
from bench_ctr.fm import FM

class Citing(FM):
    "A machine of its own."
    name = "citing"
    citation = {citation!r}

@hookimpl
def bench_models():
    return {{"citing": f"{{__name__}}:Citing"}}
"""


def cited(folder) -> dict[str, str]:
    """Kind and name to entries."""
    found = read_manifest(folder)["plugins"]["citations"]
    return {f"{one['kind']}/{one['name']}": one["citation"] for one in found}


def test_the_citations_of_used_plugins_are_in_the_manifest_and_in_no_record(write_suite, go):
    run, _ = go(write_suite())
    found = cited(run.folder)
    assert list(found) == ["models/lr", "models/fm", "metrics/gauc"]
    assert [entry.key for entry in entries(found["models/fm"])] == ["rendle2010factorization"]
    assert found["models/fm"].splitlines()[1] == "  author = {Rendle, Steffen},"
    assert all("rendle2010" not in json.dumps(record) for record in run.records)
    told = to_bibtex(build(load(run.folder)))
    assert "@inproceedings{rendle2010factorization," in told
    assert "@article{holm1979simple," in told


def test_a_part_of_a_suite_cites_all_of_it(write_suite, go):
    run, _ = go(write_suite(), only=("lr",))
    assert list(cited(run.folder)) == ["models/lr", "models/fm", "metrics/gauc"]


def test_what_a_stranger_declares_is_kept_whatever_it_is(tmp_path, write_suite, go):
    """A run is none the worse for it; a bibliography leaves it out and says so."""
    file = tmp_path / "citing.py"
    file.write_text(PLUGIN.format(citation="@misc{\ud800" + "x" * 100_000), "ascii")
    suite = write_suite(models="  lr: {use: lr}\n  mine: {use: citing}", methods="  {}")
    run, _ = go(suite, plugins=(file,))
    assert cited(run.folder)["models/citing"].startswith(r"@misc{\ud800xxx")
    assert len(cited(run.folder)["models/citing"]) < 21_000
    assert "% Left out, of base model citing: no BibTeX" in to_bibtex(build(run))


def test_what_a_method_is_stands_in_the_report(write_suite, go):
    methods = """
  gating: {selector: {use: mlp}}
  adapted: {selector: {use: mlp}, meta_learner: {use: meta-sgd, adapt: [selector], train: {epochs: 1}}}"""
    run, _ = go(write_suite(methods=methods))
    found = {one.name: one for one in build(load(run.folder)).compositions}
    assert list(found) == ["gating", "adapted", "lr", "fm"]
    assert found["fm"].summary.startswith("Factorization machine: every pair")
    assert found["gating"].summary.startswith("An MLP from a row's features")
    assert found["gating"].meta_learner is None
    assert found["adapted"].meta_learner_summary.startswith("Meta-learned initialisation and")
    assert found["adapted"].adapt == ("selector",)


def test_a_plugin_that_cannot_be_loaded_has_no_summary(tmp_path, write_suite, go):
    """Its trials say what is wrong; the others' lines are kept."""
    file = tmp_path / "citing.py"
    file.write_text("raise ValueError('no')\n", "ascii")
    run, _ = go(write_suite(models="  lr: {use: lr}", methods="  {}"), plugins=(file,))
    told = read_manifest(run.folder)["plugins"]["summaries"]
    assert [(one["kind"], one["name"]) for one in told] == [("models", "lr")]


def test_plugins_that_were_given_by_path_are_named_in_the_commands_that_make_a_run_again(
    tmp_path, write_suite, go
):
    file = tmp_path / "my plugin.py"
    file.write_text(PLUGIN.format(citation=""), "ascii")
    suite = write_suite(models="  lr: {use: lr}\n  mine: {use: citing}", methods="  {}")
    run, _ = go(suite, plugins=(file,))
    assert read_manifest(run.folder)["plugins"]["given"] == ["my plugin.py"]
    (lines,) = [block for block in made_blocks(build(run)) if isinstance(block, Lines)]
    assert lines.lines[0] == (
        "bench run suite.yaml --data-dir DATA --plugins 'my plugin.py' --out again"
    )


def test_plugins_that_the_suite_names_have_to_lie_beside_it_again(tmp_path, write_suite, go):
    file = tmp_path / "own" / "citing.py"
    file.parent.mkdir()
    file.write_text(PLUGIN.format(citation=""), "ascii")
    suite = write_suite(models="  lr: {use: lr}\n  mine: {use: citing}", methods="  {}")
    suite.write_text("plugins: [own/citing.py]\n" + suite.read_text("utf-8"), "utf-8")
    run, _ = go(suite)
    first, commands = list(made_blocks(build(run)))[:2]
    assert "the plugins that its suite names (own/citing.py) being copied there" in first.text
    assert commands.lines[0] == "bench run suite.yaml --data-dir DATA --out again"
    # as it is told: copied to where the suite names them
    (run.folder / "own").mkdir()
    (run.folder / "own" / "citing.py").write_bytes(file.read_bytes())
    again = load_suite(run.folder / "suite.yaml")
    assert list(again.base_models) == ["lr", "mine"]


def test_without_such_plugins_none_is_named(write_suite, go):
    run, _ = go(write_suite())
    (lines,) = [block for block in made_blocks(build(run)) if isinstance(block, Lines)]
    assert lines.lines[0] == "bench run suite.yaml --data-dir DATA --out again"
