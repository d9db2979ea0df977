"""A bibliography of a run: what plugins declare, once each, and nothing that BibTeX would stumble over."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.bibtex import entries
from bench.evaluate import rank_test
from bench.records import Run
from bench.registry import load_registry
from bench.report import Cited, Ranks, Report, build, to_bibtex

MakeRun = Callable[..., Run]
STATISTICS = {
    "davison1997bootstrap",
    "carter2017asymptotic",
    "satterthwaite1946approximate",
    "holm1979simple",
    "naeini2015obtaining",
    "nixon2019measuring",
}


def one(key: str, title: str = "T") -> str:
    return (
        f"@misc{{{key},\n  author = {{A. Author}},\n  title = {{{title}}},\n  year = {{2020}}\n}}"
    )


def citing(run: Run, *citations: tuple[str, str, str]) -> Report:
    """The report of the run, whose plugins cite that (kind, name, entries)."""
    return replace(build(run), citations=tuple(Cited(*each) for each in citations))


def entries_in(bibliography: str) -> dict[str, str]:
    """Key to text, as BibTeX finds them: what stands between entries has no @."""
    parts = re.split(r"^% .*\n*", bibliography, flags=re.MULTILINE)
    return {entry.key: entry.text for part in parts if part.strip() for entry in entries(part)}


def test_entries_are_those_of_plugins_and_of_the_statistics(make_analysed: MakeRun) -> None:
    report = citing(make_analysed(), ("models", "fm", one("rendle")), ("datasets", "d", one("d")))
    found = entries_in(to_bibtex(report))
    assert found.keys() == {"rendle", "d", "yan2014coupled"} | STATISTICS
    assert found["rendle"] == one("rendle")


def test_without_an_analysis_its_statistics_are_not_cited(make_run: MakeRun) -> None:
    assert entries_in(to_bibtex(citing(make_run()))).keys() == {"yan2014coupled"}


def test_of_one_seed_no_test_over_seeds_is_cited(make_analysed: MakeRun) -> None:
    found = entries_in(to_bibtex(citing(make_analysed(seeds=(0,)))))
    assert found.keys() == {"yan2014coupled"} | STATISTICS - {"satterthwaite1946approximate"}


def test_what_no_figure_was_made_by_is_not_cited(make_analysed: MakeRun) -> None:
    def only_lr(records: list[dict[str, Any]], manifest: dict[str, Any]) -> None:
        records[:] = [one for one in records if one["trial"]["method"] == "lr"]
        manifest["trials"] = [one for one in manifest["trials"] if one["method"] == "lr"]
        manifest["metrics"] = ["logloss"]

    run = make_analysed(edit=only_lr)
    (found,) = run.analyses.values()
    found["methods"] = [one for one in found["methods"] if one["name"] == "lr"]
    for one in found["methods"]:
        one |= {"against_best_single": {}, "against_lead": {}, "against_average": {}}
        one["calibration"] = {"ece": None, "in_the_large": None, "reliability": None}
    found |= {"segments": [], "attainable": None, "plain_average": None}
    assert entries_in(to_bibtex(citing(run))) == {}


def test_the_test_over_data_sets_is_cited_where_there_is_one(make_analysed: MakeRun) -> None:
    report = citing(make_analysed())
    ranks = rank_test(np.array([[1.0, 2.0], [1.0, 2.0]]))
    assert "demsar2006statistical" not in entries_in(to_bibtex(report))
    assert "demsar2006statistical" not in entries_in(to_bibtex(replace(report, ranks=Ranks("auc"))))
    tested = replace(report, ranks=Ranks("auc", test=ranks))
    assert "demsar2006statistical" in entries_in(to_bibtex(tested))


def test_an_entry_that_two_ask_for_is_there_once(make_run: MakeRun) -> None:
    told = to_bibtex(
        citing(make_run(), ("models", "fm", one("a")), ("selectors", "mlp", one("a") + one("b")))
    )
    assert entries_in(told).keys() == {"a", "b", "yan2014coupled"}
    assert "% base model fm, selector mlp\n@misc{a," in told


def test_two_entries_of_one_key_are_both_there(make_run: MakeRun) -> None:
    asked = [("models", f"m{n}", one("misc" if n < 3 else "MISC", f"T{n}")) for n in range(4)]
    found = entries_in(to_bibtex(citing(make_run(), *asked)))
    assert found.keys() == {"misc", "misc-2", "misc-3", "MISC-4", "yan2014coupled"}
    assert found["misc-2"] == one("misc-2", "T1")


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "text",
    [
        "no entry",
        one("a").removesuffix("}"),
        one("a", "{"),
        one("a", "\\input{/etc/passwd}"),
        one("a", "^^5cinput"),
        one("a") + "@preamble{x}",
        one("a", "x\x1b"),
    ],
)
def test_what_is_no_bibtex_is_left_out_and_told(make_run: MakeRun, text: str) -> None:
    report = citing(make_run(), ("models", "bad @x\n", text), ("models", "good", one("good")))
    told = to_bibtex(report)
    assert entries_in(told).keys() == {"good", "yan2014coupled"}
    assert r"% Left out, of base model bad (at)x\n: no BibTeX: " in told


@pytest.mark.fault(43)
def test_names_begin_no_entry(make_run: MakeRun) -> None:
    report = replace(citing(make_run(), ("x", "@a{\n@b", one("c"))), suite="@article{a,\n@b{c}}")
    told = to_bibtex(report)
    assert told.count("@") == 2  # those of the two entries
    assert told.isascii()


def test_a_run_of_an_earlier_version_says_that_it_recorded_none(make_run: MakeRun) -> None:
    assert "did not record what plugins cite; run the suite again" in to_bibtex(build(make_run()))


def built_in() -> dict[str, str]:
    """Plugin to what it cites."""
    registry = load_registry(autoload=False)
    return {
        f"{info.kind}/{info.name}": registry.load(info.kind, info.name).citation
        for info in registry.infos()
    }


def test_built_in_citations_read_and_agree_with_one_another() -> None:
    found = {name: entries(text) for name, text in built_in().items() if text}
    assert {"models/fm", "selectors/mlp", "meta_learners/maml", "datasets/movielens-1m"} <= {*found}
    by_key = {entry.key: entry.fields for of_plugin in found.values() for entry in of_plugin}
    for of_plugin in found.values():
        for entry in of_plugin:
            assert by_key[entry.key] == entry.fields
            assert entry.text.isascii()


@pytest.mark.skipif(not shutil.which("bibtex"), reason="bibtex is not installed")
def test_bibtex_itself_takes_all_of_it(make_analysed: MakeRun, tmp_path: Path) -> None:
    asked = [(*name.split("/"), text) for name, text in built_in().items() if text]
    told = to_bibtex(citing(make_analysed(), *asked))  # type: ignore[arg-type]
    (tmp_path / "run.bib").write_text(told, "ascii")
    aux = "\\citation{*}\n\\bibstyle{plain}\n\\bibdata{run}\n"
    (tmp_path / "paper.aux").write_text(aux, "ascii")
    ran = subprocess.run(["bibtex", "paper"], cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, "Warning" in ran.stdout) == (0, False), ran.stdout
    items = (tmp_path / "paper.bbl").read_text("ascii").count(r"\bibitem")
    assert items == len(entries_in(told))
