"""The base model `predictions`: somebody else's scores, joined by key."""

from __future__ import annotations

import csv
import gzip
import json
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.errors import DataError, SuiteError
from bench.records import read_blob
from tests.run.conftest import by_method, status, write_ratings

MODELS = "  lr: {{use: lr}}\n  theirs: {{use: predictions, path: {file}, order: time, {score}}}"
METHODS = "  average: {selector: {use: average}}\n  best: {selector: {use: user-best}}"


def score_of(user: str, item: str, time: int) -> float:
    """A probability that says which row it is of."""
    return round(0.05 + 0.9 * random.Random(f"{user} {item} {time}").random(), 9)


@pytest.fixture
def ratings(tmp_path):
    """[user, item, liked, time] of each row of the table."""
    write_ratings(tmp_path / "ratings.csv")
    with (tmp_path / "ratings.csv").open(encoding="utf-8") as stream:
        return list(csv.reader(stream))[1:]


@pytest.fixture
def scored(tmp_path, ratings, write_suite):
    """Writes scores.csv of some rows and the suite that uses it."""

    def scored(
        rows=None, header="user_id,item_id,time,p", score="probability: p", file="scores.csv"
    ):
        rows = lines(ratings) if rows is None else rows
        (tmp_path / "scores.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
        return write_suite(models=MODELS.format(file=file, score=score), methods=METHODS)

    return scored


def lines(ratings, shuffled=True):
    rows = [
        f"{user},{item},{time},{score_of(user, item, int(time))}" for user, item, _, time in ratings
    ]
    if shuffled:
        random.Random(0).shuffle(rows)
    return rows


def logits_of(finished, method="theirs"):
    return read_blob(finished.folder, by_method(finished)[method]["blobs"]["logits"])


def test_scores_are_joined_by_key_whatever_the_order_of_the_file(scored, go, ratings):
    one, _ = go(scored(), "one")
    two, _ = go(scored(lines(ratings, shuffled=False)), "two")
    assert one.manifest["status"] == "complete"
    assert logits_of(one).tolist() == logits_of(two).tolist()
    users = sorted({row[0] for row in ratings})
    assert len(set(np.round(logits_of(one), 6).tolist())) == len(logits_of(one)), (
        "each row has its own score"
    )
    assert len(users) == 24


def test_each_query_row_has_the_score_of_its_own_key(scored, go, ratings, tmp_path):
    finished, _ = go(scored(), "one", cache="cache")
    (prepared,) = (tmp_path / "cache" / "data").glob("*/meta.json")
    (split,) = (tmp_path / "cache" / "steps").glob("split-*")
    users = pq.read_table(prepared.parent / "user_ids.parquet").column(0).to_pylist()
    items = pq.read_table(prepared.parent / "item_ids.parquet").column(0).to_pylist()
    of = {
        name: np.load(prepared.parent / f"{name}.npy")
        for name in ("users", "items", "order", "user_ptr")
    }
    role, cut = np.load(split / "role.npy"), np.load(split / "cut.npy")
    rows = np.concatenate(
        [np.arange(cut[u], of["user_ptr"][u + 1]) for u in np.flatnonzero(role == 2)]
    )
    p = [
        score_of(users[of["users"][r]], items[of["items"][r]], int(of["order"][r]))
        for r in rows.tolist()
    ]
    assert logits_of(finished).tolist() == pytest.approx(
        np.log(p) - np.log1p(-np.array(p)), rel=1e-12
    )


def test_there_are_no_folds_and_the_record_names_the_file(scored, go, tmp_path):
    finished, watched = go(scored(), "one")
    assert [title for title in watched.titles if " theirs," in title] == [
        "small/cold theirs, seed 0"
    ]
    told = by_method(finished)["theirs"]["details"]["predictions"]
    assert told["file"] == "scores.csv"
    assert len(told["sha256"]) == 64
    assert (told["rows"], told["unused_rows"]) == (
        len((tmp_path / "scores.csv").read_text().splitlines()) - 1,
        0,
    )


@pytest.mark.parametrize("setting", ["cold", "warm"])
def test_under_a_holdout_every_slot_reads_the_file_too(scored, go, setting):
    file = scored()
    text = file.read_text("utf-8").replace(
        "setting: cold", f"setting: {setting}, base_predictions: holdout"
    )
    file.write_text(text, "utf-8")
    finished, watched = go(file, "one")
    assert set(status(finished).values()) == {"ok"}
    assert [title for title in watched.titles if " theirs," in title] == [
        "small/cold theirs, seed 0"
    ]


def test_another_content_is_another_step(scored, go, ratings):
    first, _ = go(scored(), "one", cache="cache")
    changed = [
        line.replace(line.rpartition(",")[2], "0.5") if n == 0 else line
        for n, line in enumerate(lines(ratings))
    ]
    second, _ = go(scored(changed), "two", cache="cache")
    assert by_method(first)["theirs"]["id"] != by_method(second)["theirs"]["id"]
    assert by_method(first)["lr"]["id"] == by_method(second)["lr"]["id"]


@pytest.mark.parametrize("kind", ["logit", "parquet"])
def test_logits_and_parquet_give_the_same(scored, go, ratings, tmp_path, kind):
    expected = logits_of(go(scored(), "one")[0])
    p = np.array([score_of(u, i, int(t)) for u, i, _, t in ratings])
    z = np.log(p) - np.log1p(-p)
    if kind == "logit":
        rows = [
            f"{u},{i},{t},{value!r}"
            for (u, i, _, t), value in zip(ratings, z.tolist(), strict=True)
        ]
        finished, _ = go(scored(rows, "user_id,item_id,time,z", "logit: z"), "two")
    else:
        u, i, _, t = zip(*ratings, strict=True)
        table = pa.table(
            {"user_id": u, "item_id": i, "time": pa.array(map(int, t), pa.int32()), "z": z}
        )
        pq.write_table(table, tmp_path / "scores.parquet")
        finished, _ = go(scored(file="scores.parquet", score="logit: z"), "two")
    assert logits_of(finished).tolist() == pytest.approx(expected.tolist(), rel=1e-12)


@pytest.mark.parametrize("kind", ["csv.gz", "jsonl"])
def test_packed_files_and_json_lines_give_the_same(scored, go, ratings, tmp_path, kind):
    expected = logits_of(go(scored(), "one")[0])
    file = scored(file=f"scores.{kind}")
    text = (tmp_path / "scores.csv").read_text()
    if kind == "jsonl":
        header, *rows = csv.reader(text.splitlines())
        objects = (dict(zip(header, row, strict=True)) for row in rows)
        text = "".join(json.dumps(one | {"p": float(one["p"])}) + "\n" for one in objects)
    data = gzip.compress(text.encode()) if kind == "csv.gz" else text.encode()
    (tmp_path / f"scores.{kind}").write_bytes(data)
    assert np.array_equal(logits_of(go(file, "two")[0]), expected)


def test_rows_of_no_task_are_left_out_and_counted(scored, go, ratings):
    more = [*lines(ratings), "nobody,i00,3,0.5", "u00,i00,999,0.5"]
    finished, _ = go(scored(more), "one")
    assert by_method(finished)["theirs"]["details"]["predictions"]["unused_rows"] == 2


def test_the_same_row_twice_is_read_once(scored, go, ratings):
    rows = lines(ratings)
    finished, _ = go(scored([*rows, rows[0]]), "one")
    assert status(finished)["theirs"] == "ok"


def edited(rows, position, value):
    return [
        line.rpartition(",")[0] + f",{value}" if n == position else line
        for n, line in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows[2:], r"no score for 2 of \d+ support and query rows, of [12] users \(the first: user_id 'u"),
        (lambda rows: [*rows, rows[0].rpartition(",")[0] + ",0.123"], r"scores\.csv:\d+: another score .*csv:2 \(1 such"),
        (lambda rows: edited(rows, 3, "1"), r"scores\.csv:5: column 'p': 1 is exactly 0 or 1; give"),
        (lambda rows: edited(edited(rows, 3, "0.0"), 9, "1"), r"scores\.csv:5: .* is exactly 0 or 1 \(2 such rows\)"),
        (lambda rows: edited(rows, 3, "1.5"), r"scores\.csv:5: column 'p': 1\.5 is no probability.*divide percentages by 100"),
        (lambda rows: edited(rows, 3, ""), r"scores\.csv:5: column 'p': the value is missing"),
        (lambda rows: edited(rows, 3, "nan"), r"scores\.csv:5: column 'p': 'nan' is not a number"),
    ],
)  # fmt: skip
def test_scores_that_are_wrong_are_refused_with_counts_before_anything_is_fitted(
    scored, go, ratings, tmp_path, change, reason
):
    with pytest.raises(DataError, match=reason) as raised:
        go(scored(change(lines(ratings))), "one", cache="cache")
    assert str(raised.value).startswith("base model 'theirs' on small/cold: ")
    assert raised.value.exit_code == 2
    assert not (tmp_path / "one").exists()
    assert list((tmp_path / "cache" / "steps").glob("fit-*")) == []


def test_a_file_whose_columns_are_swapped_is_refused_before_anything_is_fitted(scored, go, ratings):
    swapped = [
        ",".join((item, user, *rest))
        for user, item, *rest in (line.split(",") for line in lines(ratings))
    ]
    said = r"no score for (\d+) of \1 support and query rows.*; the first row of the file has user_id '"
    with pytest.raises(DataError, match=said):
        go(scored(swapped), "one")


def test_a_model_that_is_not_asked_for_is_not_joined(scored, go, ratings):
    finished, _ = go(scored(lines(ratings)[2:]), "one", only=("lr",))
    assert status(finished) == {"lr": "ok"}


def test_a_missing_file_is_said_before_anything_runs(write_suite, go):
    file = write_suite(models=MODELS.format(file="nowhere.csv", score="logit: z"), methods=METHODS)
    with pytest.raises(DataError, match=r"base model 'predictions': no file nowhere\.csv below"):
        go(file, "one")


@pytest.mark.parametrize("score", ["sep: ';'", "probability: p, logit: z"])
def test_one_column_of_scores_is_named(write_suite, go, score):
    with pytest.raises(SuiteError, match="probability or logit, one of them"):
        go(
            write_suite(models=MODELS.format(file="scores.csv", score=score), methods=METHODS),
            "one",
        )


def test_it_can_not_be_adapted(write_suite, go):
    methods = (
        "  full: {selector: {use: mlp}, meta_learner: {use: maml, adapt: [selector, base_models]}}"
    )
    with pytest.raises(
        SuiteError, match=r"base model 'theirs' \(predictions\) is not differentiable"
    ):
        go(
            write_suite(models=MODELS.format(file="scores.csv", score="logit: z"), methods=methods),
            "one",
        )


def test_records_hold_strict_json(scored, go):
    finished, _ = go(scored(), "one")
    json.dumps(by_method(finished)["theirs"], allow_nan=False)
