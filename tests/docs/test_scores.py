"""docs/scores.md, followed from its toy table on: every command of it, and what it says of rows, keys and scores."""

from __future__ import annotations

import csv
import gzip
import re
import runpy
import shutil

import numpy as np
import pytest

from bench.data import UserHoldout
from bench.interfaces import Timeline
from bench.records import load
from tests.docs.pages import commands_of, follow, save, text_of

PAGE = "scores.md"
RUNS = [line for line in commands_of(PAGE) if line.startswith("bench run ")]


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder of a reader who did all that the page says; what each command came to."""
    folder = tmp_path_factory.mktemp("scores")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("BENCH_CACHE", str(folder / "cache"))
        save(PAGE, folder)
        runpy.run_path("toy.py")
        yield folder, {line: follow(line) for line in commands_of(PAGE)}


@pytest.fixture
def reader(followed, tmp_path, monkeypatch):
    """A folder of one's own with the page's files, to change."""
    for name in ("clicks.csv", "scores.csv", "scores.yaml"):
        shutil.copy(followed[0] / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def figures(folder):
    """Method to its metrics."""
    return {one["trial"]["method"]: one["metrics"] for one in load(folder).records}


def plain(text):
    return re.sub(r"\s+", " ", text)


def test_every_command_ends_as_it_should(followed):
    ended = {line: result.exit_code for line, result in followed[1].items()}
    assert set(RUNS) < ended.keys()
    (gate,) = [line for line in ended if line.startswith("bench compare")]
    assert ended.pop(gate) in (0, 1)
    assert ended == dict.fromkeys(ended, 0), [result.output for result in followed[1].values()]


def test_the_files_begin_as_shown(followed):
    for name in ("clicks.csv", "scores.csv"):
        begins = "".join((followed[0] / name).read_text("utf-8").splitlines(keepends=True)[:2])
        assert f"```text\n{begins}```" in text_of(PAGE)


def test_the_table_is_the_one_that_is_shown(followed):
    shown = re.search(r"^```text\nby-user .*?^```", text_of(PAGE), re.DOTALL | re.MULTILINE)
    printed = plain(follow("bench report results/scores --section answer").output)
    printed = printed.replace("production = best-single", "production")
    rows = [plain(row).strip() for row in shown[0].splitlines()[1:-1]]
    assert len(rows) == 5
    assert [row for row in rows if row.rpartition(" ")[0] not in printed] == []


def test_another_seed_gives_the_same_figures(followed):
    assert follow("bench run scores.yaml --out results/seeds --seeds 1").exit_code == 0
    assert figures("results/seeds") == figures("results/scores")


def test_the_shares_of_rows_that_are_scored_are_those_in_the_table():
    rows = re.findall(
        r"^\| (?:default: )?`(\{train.*?\})` \| (?:default: )?`(\{share.*?\})` \| (\d+) % \|",
        text_of(PAGE),
        re.MULTILINE,
    )
    assert len(rows) == 4
    timeline = Timeline(np.arange(0, 100_001, 100), np.zeros(100_000))
    for users, support, percent in rows:
        said = re.sub(r"(\w+):", r'"\1":', f'{{"users": {users}, "support": {support}}}')
        cut = UserHoldout(UserHoldout.Params.model_validate_json(said)).split(timeline, seed=0)
        tested = (timeline.user_ptr[1:] - cut.cut)[cut.role == 2].sum()
        assert round(100 * tested / 100_000) == int(percent)
    assert UserHoldout.Params() == UserHoldout.Params.model_validate_json(
        '{"users": {"train": 0.8, "valid": 0.1, "test": 0.1}, "support": {"share": 0.8}}'
    )


@pytest.mark.parametrize("setting", ["setting=warm", "base_predictions=in-sample"])
def test_a_protocol_for_trained_models_changes_nothing_for_files(followed, setting):
    line = f"bench run scores.yaml --out results/{setting} --set protocols.scored.{setting}"
    assert follow(line).exit_code == 0
    assert figures(f"results/{setting}") == figures("results/scores")


@pytest.mark.parametrize(
    "protocol", ["{use: leave-last, query: {rows: 5}}", "{use: temporal, query: {share: 0.2}}"]
)
def test_blocks_take_files_too(reader, protocol):
    suite = reader / "scores.yaml"
    text = re.sub(r"scored: \{.*\}", f"scored: {protocol}", suite.read_text("utf-8"))
    suite.write_text(text, "utf-8")
    assert follow("bench run scores.yaml").exit_code == 0


def test_a_selector_over_files_can_be_adapted(reader):
    suite = reader / "scores.yaml"
    learner = "{use: maml, adapt: [selector], inner_steps: 1, train: {epochs: 1}}"
    method = f"  adapted: {{selector: {{use: mlp}}, meta_learner: {learner}}}\n"
    suite.write_text(suite.read_text("utf-8").replace("seeds:", f"{method}seeds:"), "utf-8")
    result = follow("bench run scores.yaml --only adapted --only production --only candidate")
    assert result.exit_code == 0, result.output


def test_what_the_files_saw_is_said_to_be_unknown(followed):
    said = "which rows the models behind the files of predictions saw is not known"
    assert said in plain(text_of(PAGE))
    assert said in plain(follow("bench report results/scores --section made").output)


def test_rows_that_are_dropped_are_told_of(followed):
    assert any("results/late" in line for line in RUNS)
    told = follow("bench report results/late --section made").output
    assert "dropped" in told or "left out" in told


def test_the_gate_judges_new_scores_by_the_old_ones(followed):
    (gate,) = [line for line in followed[1] if line.startswith("bench compare")]
    old, new = figures("results/old")["ranker"], figures("results/new")["ranker"]
    worse = new["logloss"]["value"] > old["logloss"]["value"] + 1e-3
    worse |= any(new[name]["value"] < old[name]["value"] - 1e-3 for name in ("auc", "gauc"))
    assert followed[1][gate].exit_code == int(worse)
    assert follow("bench compare results/old results/old").exit_code == 0
    swapped = follow("bench compare results/new results/old").exit_code
    assert {followed[1][gate].exit_code, swapped} == {0, 1}


# -- the table of keys, and of probabilities


def edit(folder, change):
    """Rewrites scores.csv; `change` takes its rows, the header first."""
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    with (folder / "scores.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(change(rows))


def with_production(row, value):
    return [*row[:3], value, row[4]]


def test_a_missing_score_is_refused_with_its_count(reader):
    edit(reader, lambda rows: [row for row in rows if row[0] != "u3"])
    result = follow("bench run scores.yaml")
    assert result.exit_code == 2
    shown = next(line for line in text_of(PAGE).splitlines() if "no score for" in line)
    fixed = re.split(r"\d[\d,]* of \d[\d,]*|\d[\d,]* users?|\(the first: .*?\)", shown)
    missing = [
        part for part in fixed if part.replace("'candidate'", "'production'") not in result.output
    ]
    assert missing == []
    assert "no score for 20 of 4,000 support and query rows, of 1 user (" in result.output


def test_a_score_of_no_row_and_a_row_said_twice_change_nothing(reader, followed):
    edit(reader, lambda rows: [*rows, rows[1], ["nobody", "i0", "1", "0.5", "0.5"]])
    assert follow("bench run scores.yaml").exit_code == 0
    assert figures("results/scores") == figures(followed[0] / "results/scores")
    (record,) = [
        one
        for one in load(reader / "results/scores").records
        if one["trial"]["method"] == "candidate"
    ]
    assert record["details"]["predictions"]["unused_rows"] == 2


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("0.4", r"scores\.csv:4002: another score for the user_id, item_id, time of scores\.csv:2"),
        ("1", r"1 is exactly 0 or 1"),
        ("2.5", r"2\.5 is no probability"),
    ],
)
def test_what_is_no_score_is_refused_with_its_line(reader, value, reason):
    edit(reader, lambda rows: [*rows, with_production(rows[1], value)])
    result = follow("bench run scores.yaml")
    assert result.exit_code == 2
    assert re.search(reason, result.output), result.output


def test_times_in_milliseconds_meet_no_row(reader):
    edit(
        reader, lambda rows: [rows[0], *[[*row[:2], f"{row[2]}000", *row[3:]] for row in rows[1:]]]
    )
    result = follow("bench run scores.yaml")
    assert result.exit_code == 2
    assert "no score for 4,000 of 4,000 support and query rows" in result.output


@pytest.mark.parametrize(("sep", "written"), [("\t", "\\t"), (";", ";")])
def test_other_separators_are_named(reader, followed, sep, written):
    scores, suite = reader / "scores.csv", reader / "scores.yaml"
    scores.write_text(scores.read_text("utf-8").replace(",", sep), "utf-8")
    assert f'`sep: "{written}"`' in text_of(PAGE)
    named = f'path: scores.csv, sep: "{written}"'
    suite.write_text(suite.read_text("utf-8").replace("path: scores.csv", named), "utf-8")
    assert follow("bench run scores.yaml").exit_code == 0
    assert figures("results/scores") == figures(followed[0] / "results/scores")


def test_a_packed_file_is_read_as_it_is(reader, followed):
    (reader / "scores.csv").write_bytes(gzip.compress((reader / "scores.csv").read_bytes()))
    assert follow("bench run scores.yaml").exit_code == 0
    assert figures("results/scores") == figures(followed[0] / "results/scores")


@pytest.mark.fault(15)
def test_probabilities_given_as_logits_are_warned_of(reader):
    suite = reader / "scores.yaml"
    text = suite.read_text("utf-8").replace("probability: production", "logit: production")
    suite.write_text(text, "utf-8")
    result = follow("bench run scores.yaml")
    assert result.exit_code == 0
    assert "all logits lie in [0, 1]" in plain(result.output)


def test_other_column_names_and_times_in_words_meet_the_same_rows(reader, followed):
    def renamed(rows):
        days = [
            np.datetime_as_string(np.datetime64(int(row[2]), "s")) for row in rows[1:]
        ]  # ISO 8601
        body = [[row[0], row[1], day, *row[3:]] for row, day in zip(rows[1:], days, strict=True)]
        return [["who", "what", "when", *rows[0][3:]], *body]

    edit(reader, renamed)
    suite = reader / "scores.yaml"
    named = "path: scores.csv, user: who, item: what, order: when,"
    text = suite.read_text("utf-8").replace("path: scores.csv, order: time,", named)
    suite.write_text(text, "utf-8")
    assert follow("bench run scores.yaml").exit_code == 0
    assert figures("results/scores") == figures(followed[0] / "results/scores")
