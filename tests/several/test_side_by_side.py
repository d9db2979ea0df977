"""Runs side by side: what differs between them, and figures of those that can be compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import CompareError
from bench.records import Run
from bench.report import blocks_to_markdown
from bench.several import Several, blocks, side_by_side, to_json
from bench.several.labels import heads, shortest_names
from bench.several.sections import legend, verdicts
from tests.report.conftest import TRIALS, failed, mean_loss

MakeRun = Callable[..., Run]
Records = list[dict[str, Any]]
Edit = Callable[[Records, dict[str, Any]], None]


def unchanged(records: Records, manifest: dict[str, Any]) -> None:
    """A run like the other."""


def runs(make_run: MakeRun, *edits: Edit, seeds: tuple[int, ...] = (0, 1, 2)) -> list[Run]:
    """A run an edit, in folders of their own."""
    return [
        make_run(seeds, edit)._replace(folder=Path(f"/runs/a-longer-name-{place}"))
        for place, edit in enumerate(edits)
    ]


def differing(several: Several) -> dict[str, tuple[str, ...]]:
    return {one.what: one.values for one in several.differing}


def shifted(by: float) -> Edit:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one["metrics"]["logloss"]["value"] += by

    return edit


def environment(**told: Any) -> Edit:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one["environment"] = {"processor": "P1", "cores": 2} | told
            one["versions"] = {"python": "3.11.7", "torch": told.get("torch", "2.13.0")}

    return edit


def test_of_runs_alike_nothing_differs(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, unchanged, unchanged))
    assert several.differing == ()
    text = blocks_to_markdown(blocks(several))
    assert "Nothing differs in how they were made, as far as it is recorded." in text
    assert "bench gate" in text


def test_means_and_differences_of_each_run_stand_in_the_table(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, unchanged, shifted(0.01), shifted(-0.002)))
    (place,) = several.places
    (group,) = place.groups
    assert group.runs == (0, 1, 2)
    assert place.apart == ""
    lines = {line.name: line for line in group.lines}
    assert set(lines) == set(TRIALS)
    for name, line in lines.items():
        expected = [mean_loss(name, (0, 1, 2)) + by for by in (0, 0.01, -0.002)]
        assert [one.mean for one in line.figures if one] == pytest.approx(expected, abs=1e-12)
        assert [one.difference for one in line.figures if one][1:] == pytest.approx([0.01, -0.002])
    text = blocks_to_markdown(blocks(several))
    row = "| fm | .6010 ±.0007 | .6110 ±.0007 | .5990 ±.0007 | +.0100 | -.0020 |"
    assert row in text


def test_a_difference_is_of_the_seeds_that_both_runs_have(make_run: MakeRun) -> None:
    first, second = make_run((0, 1)), make_run((1, 5), shifted(0.01))
    both = [
        run._replace(folder=Path(f"/runs/{place}")) for place, run in enumerate((first, second))
    ]
    several = side_by_side(both)
    assert differing(several) == {"seeds": ("0, 1", "1, 5")}
    assert "Nothing differs but the seeds." in blocks_to_markdown(blocks(several))
    for line in several.places[0].groups[0].lines:
        ours, theirs = line.figures
        assert ours is not None
        assert theirs is not None
        assert theirs.difference == pytest.approx(0.01)
        assert ours.mean is not None
        assert theirs.mean != pytest.approx(ours.mean + 0.01, abs=1e-5)


def test_without_a_seed_in_common_there_is_no_difference(make_run: MakeRun) -> None:
    first, second = make_run((0,)), make_run((1,))
    both = [
        run._replace(folder=Path(f"/runs/{place}")) for place, run in enumerate((first, second))
    ]
    for line in side_by_side(both).places[0].groups[0].lines:
        assert [one.difference for one in line.figures if one] == [None, None]


def other_identity(key: str) -> Edit:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        for one in records:
            one["identity"][key] = "f" * 64
        if key == "data":
            manifest["datasets"]["ml-1m"]["digest"] = "f" * 64
            manifest["datasets"]["ml-1m"]["counts"]["rows"] = 7

    return edit


@pytest.mark.parametrize(
    ("key", "why", "row"),
    [("data", "data differ", "data ml-1m"), ("split", "split differs", "split ml-1m / cold")],
)
def test_figures_of_other_data_or_splits_are_set_apart(
    make_run: MakeRun, key: str, why: str, row: str
) -> None:
    several = side_by_side(runs(make_run, unchanged, other_identity(key), unchanged))
    (place,) = several.places
    assert [group.runs for group in place.groups] == [(0, 2), (1,)]
    assert place.apart == why
    assert differing(several)[row] == ((key[0] * 12), "f" * 12, key[0] * 12)
    alone = place.groups[1]
    assert {one.difference for line in alone.lines for one in line.figures if one} == {None}
    text = blocks_to_markdown(blocks(several))
    assert f"A and C alone, not comparable with the other runs: {why}" in text
    assert f"B alone, not comparable with the other runs: {why}" in text


def test_counts_are_told_where_data_differ(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, unchanged, other_identity("data")))
    assert differing(several)["rows of ml-1m"] == ("1,000,209", "7")


def by_auc(_: Records, manifest: dict[str, Any]) -> None:
    manifest["primary"] = "auc"


def test_runs_of_other_primaries_show_each_its_own(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, unchanged, by_auc))
    (place,) = several.places
    assert [group.metric for group in place.groups] == ["logloss", "auc"]
    assert place.apart == "primary metric differs"
    assert differing(several) == {"primary metric": ("logloss", "auc")}
    best = {group.metric: group.lines[0].figures[0] for group in place.groups}
    assert best["auc"] is not None
    assert best["auc"].mean == pytest.approx(0.8125 - 0.0007 * sum((0, 1, 2)) / 3, abs=1e-9)


def test_an_older_version_of_the_metric_is_not_comparable(make_run: MakeRun) -> None:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one["identity"]["metrics"]["logloss"] = 2

    several = side_by_side(runs(make_run, unchanged, edit))
    assert len(several.places[0].groups) == 2
    assert differing(several) == {"metric logloss": ("version 1", "version 2")}


def settings(dim: int) -> Edit:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if one["trial"]["method"] in ("fm", "ffm"):
                one["identity"]["settings"] = {"use": "fm", "params": {"embedding_dim": dim}}

    return edit


def test_settings_that_differ_stand_with_their_values_and_methods(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, settings(10), settings(10), settings(4)))
    assert differing(several)["embedding_dim of fm, ffm"] == ("10", "as A", "4")
    (pool,) = (one.values for one in several.differing if one.kind == "pool")
    assert pool == ("deepfm, ffm, fm, lr", "as A", "other settings of fm, ffm")


def pool_of(*models: str) -> Edit:
    def edit(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            if "source_shift" in one["details"]:
                one["details"]["source_shift"] = dict.fromkeys(models)

    return edit


def test_the_pool_of_each_run_is_told(make_run: MakeRun) -> None:
    pools = (
        pool_of("lr", "fm"),
        pool_of("lr", "fm"),
        pool_of("fm", "ffm"),
        pool_of("lr", "fm", "ffm"),
        pool_of("lr", "fm", "a-model-of-a-long-name"),
    )
    told = side_by_side(runs(make_run, *pools))
    assert [one.values for one in told.differing] == [
        ("fm, lr", "as A", "ffm, fm", "ffm, fm, lr", "3 base models")
    ]
    long = ("a-model-of-a-long-name", "another-of-a-long-name")
    told = side_by_side(runs(make_run, pool_of("lr", *long), pool_of("fm", *long)))
    (values,) = (one.values for one in told.differing)
    assert values == ("3 base models", "fm in place of lr")
    longer = tuple(f"{name}-indeed" for name in long)
    told = side_by_side(runs(make_run, pool_of("lr", *long), pool_of("lr", *longer)))
    (values,) = (one.values for one in told.differing)
    assert values == ("3 base models", "2 others among them")


def test_other_settings_of_many_are_counted_and_no_digest_stands_for_them(
    make_run: MakeRun,
) -> None:
    """The first with room for every name, the second without."""
    few, many = ("lr", "fm", "ffm", "deepfm"), tuple(f"a-model-of-name-{n}" for n in range(7))
    for models, expected in (
        (few, f"other settings of {', '.join(few)}"),
        (many, "other settings of 7"),
    ):
        both = runs(make_run, of_settings(models, 10), of_settings(models, 4))
        several = side_by_side(both)
        (pool,) = (one.values for one in several.differing if one.kind == "pool")
        assert pool[1] == expected
        assert f" {expected} |" in blocks_to_markdown(blocks(several))


def of_settings(models: tuple[str, ...], size: int) -> Edit:
    """A run of these base models, all of one setting."""

    def edit(records: Records, manifest: dict[str, Any]) -> None:
        pool_of(*models)(records, manifest)
        base = next(one for one in records if one["kind"] == "base_model")
        told = {"settings": {"use": "fm", "params": {"embedding_dim": size}}}
        records[:] = [one for one in records if one["kind"] != "base_model"]
        records += [
            base
            | {"id": f"{place:032d}", "trial": base["trial"] | {"method": name}}
            | {"identity": base["identity"] | told}
            for place, name in enumerate(models)
        ]

    return edit


def test_a_run_without_a_usable_analysis_says_by_what_its_marks_are(
    make_run: MakeRun, make_analysed: MakeRun
) -> None:
    folder = Path("/runs/b")
    with_one, without = make_analysed(), make_run()._replace(folder=folder)
    (told,) = [
        text for _, text in legend(side_by_side([with_one, without])).pairs if "no analysis" in text
    ]
    assert told.endswith(
        "no analysis that can be used (no test stands behind =: figures print alike, or their difference changes its sign "
        "between seeds)"
    )


def test_the_best_of_a_run_in_which_somebody_lacks_a_seed_is_told_to_be_of_the_others(
    make_run: MakeRun,
) -> None:
    def lacks(records: Records, _: dict[str, Any]) -> None:
        next(one for one in records if one["trial"]["method"] == "ffm").update(failed("no luck"))

    among = "best of those with a value in every seed, ="
    assert among in verdicts(side_by_side(runs(make_run, unchanged, lacks))).text
    assert among not in verdicts(side_by_side(runs(make_run, unchanged, unchanged))).text


def test_another_base_of_relaimpr_is_told_where_there_is_relaimpr(make_run: MakeRun) -> None:
    def against_lr(_: Records, manifest: dict[str, Any]) -> None:
        manifest["relaimpr_base"] = "lr"

    def without(_: Records, manifest: dict[str, Any]) -> None:
        manifest["metrics"] = ["auc", "logloss"]

    def unasked(records: Records, manifest: dict[str, Any]) -> None:
        against_lr(records, manifest)
        without(records, manifest)

    several = side_by_side(runs(make_run, unchanged, against_lr))
    assert differing(several) == {"base of RelaImpr": ("best-single", "lr")}
    assert side_by_side(runs(make_run, without, unasked)).differing == ()


def versions(**told: str) -> Edit:
    def edit(records: Records, manifest: dict[str, Any]) -> None:
        environment()(records, manifest)
        for one in records:
            one["versions"] |= told

    return edit


def test_what_of_machine_and_versions_differs_is_said_by_name(make_run: MakeRun) -> None:
    numba, torch = versions(inner_loop="numba 0.6"), versions(inner_loop="autograd")
    text = blocks_to_markdown(blocks(side_by_side(runs(make_run, numba, torch))))
    assert "Nothing differs but inner\\_loop." in text
    other = environment(processor="P2", torch="2.14.0", cores=4)
    text = blocks_to_markdown(blocks(side_by_side(runs(make_run, environment(), other))))
    assert "These differ: torch, processor and cores." in text


def test_what_a_run_has_nothing_to_compare_of_is_not_told_to_be_the_same(make_run: MakeRun) -> None:
    def nothing(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one.update(failed("out of memory"))

    def without_fm(records: Records, manifest: dict[str, Any]) -> None:
        environment()(records, manifest)
        records[:] = [one for one in records if one["trial"]["method"] != "fm"]

    def other(records: Records, manifest: dict[str, Any]) -> None:
        settings(4)(records, manifest)
        code("b" * 64)(records, manifest)
        environment(processor="P2")(records, manifest)

    def first(records: Records, manifest: dict[str, Any]) -> None:
        settings(10)(records, manifest)
        code("a" * 64)(records, manifest)
        environment()(records, manifest)

    told = differing(side_by_side(runs(make_run, first, other, nothing, without_fm)))
    assert told["embedding_dim of fm"] == ("10", "4", "–", "–")
    assert told["code in mine 1.0 (mine) of fm"] == ("a" * 12, "b" * 12, "–", "–")
    assert told["processor"] == ("P1", "P2", "–", "as A")


def code(digest: str) -> Edit:
    def edit(records: Records, _: dict[str, Any]) -> None:
        plugin = {"name": "fm", "origin": "mine 1.0 (mine)", "digest": digest}
        for one in records:
            one["identity"] |= {"harness": "h" * 64, "plugins": [plugin]}

    return edit


def test_code_that_differs_is_told_by_its_digest(make_run: MakeRun) -> None:
    several = side_by_side(runs(make_run, code("a" * 64), code("b" * 64)))
    assert differing(several) == {"code in mine 1.0 (mine) of fm": ("a" * 12, "b" * 12)}


def test_machines_that_differ_are_told_and_their_cost_is_not_set_beside(make_run: MakeRun) -> None:
    several = side_by_side(
        runs(make_run, environment(), environment(processor="P2"), environment())
    )
    assert differing(several) == {"processor": ("P1", "P2", "as A")}
    (group,) = several.places[0].groups
    assert group.unlike == ((), ("processor",), ())
    seconds = {line.name: [one.total_cpu_s for one in line.figures if one] for line in group.lines}
    fm = sum((6.3 * (1 + 0.1 * seed) + 0.05) for seed in range(3)) / 3
    assert seconds["fm"] == [pytest.approx(fm), None, pytest.approx(fm)]
    text = blocks_to_markdown(blocks(several))
    assert (
        "CPU time of B is not set beside that of A, since it hangs on what differs: processor."
        in text
    )
    assert f"| fm | {fm:.1f} | {fm:.1f} |" in text


def test_runs_without_a_trial_in_common_are_compared_by_their_methods(make_run: MakeRun) -> None:
    def elsewhere(records: Records, manifest: dict[str, Any]) -> None:
        environment(processor="P2")(records, manifest)
        for one in (*records, *manifest["trials"]):
            one.get("trial", one)["dataset"] = "other"
        manifest["datasets"] = {"other": manifest["datasets"]["ml-1m"]}
        manifest["splits"] = {"other/cold": manifest["splits"]["ml-1m/cold"]}

    several = side_by_side(runs(make_run, environment(), elsewhere))
    assert differing(several)["processor"] == ("P1", "P2")
    assert differing(several)["data other"] == ("–", "d" * 12)
    assert [place.dataset for place in several.places] == ["ml-1m", "other"]


def test_a_run_without_a_result_is_shown_as_such(make_run: MakeRun) -> None:
    def nothing(records: Records, _: dict[str, Any]) -> None:
        for one in records:
            one.update(failed("out of memory"))

    several = side_by_side(runs(make_run, unchanged, nothing))
    assert several.exit_code == 4
    assert "36 trials without a result, no trial has a result" in blocks_to_markdown(
        blocks(several)
    )
    for line in several.places[0].groups[0].lines:
        assert line.figures[1] is None or line.figures[1].mean is None


def test_a_change_below_the_decimals_is_told_by_its_size(make_run: MakeRun) -> None:
    text = blocks_to_markdown(blocks(side_by_side(runs(make_run, unchanged, shifted(3e-7)))))
    assert "+3e-07" in text


def test_one_folder_twice_is_refused(make_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "run")
    pair = [make_run()._replace(folder=tmp_path / name) for name in ("run", "link")]
    with pytest.raises(CompareError, match="are one run; name each run once"):
        side_by_side(pair)


def test_runs_are_called_by_the_shortest_paths_that_tell_them_apart() -> None:
    paths = [Path("/a/x/run"), Path("/b/x/run"), Path("/b/y/other")]
    assert shortest_names(paths) == ("a/x/run", "b/x/run", "b/y/other")
    assert shortest_names([Path("/a/one"), Path("/a/two")]) == ("one", "two")


def test_heads_are_names_where_those_are_short_else_letters() -> None:
    assert heads(["base", "new"]) == ("base", "new")
    assert heads(["base", "a-name-that-is-long"]) == ("A", "B")
    many = heads([f"a-name-that-is-long-{place}" for place in range(60)])
    assert many[25:28] == ("Z", "AA", "AB")
    assert len(set(many)) == 60


def test_json_has_figures_unrounded(make_run: MakeRun) -> None:
    told = to_json(side_by_side(runs(make_run, unchanged, shifted(1 / 3))))
    line = told["places"][0]["groups"][0]["lines"][0]
    assert math.isclose(line["figures"][1]["difference"], 1 / 3, rel_tol=1e-12)
    assert [run["head"] for run in told["runs"]] == ["A", "B"]
