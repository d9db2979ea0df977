"""The base model `predictions`: somebody else's scores, joined by key."""

from __future__ import annotations

import csv
import gzip
import json
import random
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.compare import compare
from bench.errors import DataError, SuiteError
from bench.records import load, read_blob
from tests.run.conftest import by_method, status, write_ratings

MODELS = "  lr: {{use: lr}}\n  theirs: {{use: predictions, path: {file}, order: time, {score}}}"
METHODS = "  average: {selector: {use: average}}\n  best: {selector: {use: user-best}}"


READS = """
import numpy as np
from bench import hookimpl
from bench.interfaces import Model

class Reads(Model):
    \"\"\"The level that a file says.\"\"\"

    name = "reads"

    def files(self):
        return ("levels.txt",)

    def fit(self, train, valid, context):
        self.level = float(context.files["levels.txt"].read_text())

    def predict(self, rows):
        return np.full(len(rows), self.level)

@hookimpl
def bench_models():
    return {"reads": f"{__name__}:Reads"}
"""


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


def test_the_record_of_any_model_has_the_digests_of_its_files(write_suite, go, tmp_path):
    """So that two runs tell whether they read the same."""
    (tmp_path / "reads.py").write_text(READS, "utf-8")
    (tmp_path / "levels.txt").write_text("0.5", "utf-8")
    file = write_suite(models="  lr: {use: lr}\n  mine: {use: reads}", methods=METHODS)
    plugins = (tmp_path / "reads.py",)
    one, _ = go(file, "one", plugins=plugins)
    (tmp_path / "levels.txt").write_text("0.25", "utf-8")
    two, _ = go(file, "two", plugins=plugins)
    found = compare(load(one.folder), load(two.folder)).files
    assert [(change.model, change.file) for change in found] == [("mine", "levels.txt")]
    assert "files" not in by_method(one)["lr"]["identity"]


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


EMPTY = [",i00,3,0.5", "u00,,3,0.5", "u00,i00,,0.5", "u00,i00,,", ",,,", "u00,i00,,1"]
USUALLY_TRIED = {("csv", each) for each in EMPTY[:3]} | {("jsonl", ",,,"), ("parquet", EMPTY[2])}


@pytest.mark.parametrize(
    ("kind", "empty"),
    [
        pytest.param(kind, empty, marks=[] if (kind, empty) in USUALLY_TRIED else pytest.mark.slow)
        for kind in ("csv", "jsonl", "parquet")
        for empty in EMPTY
    ],
)
def test_a_score_without_a_key_is_of_no_row_and_is_counted(
    scored, go, ratings, tmp_path, empty, kind
):
    """`drop` takes rows without a time out of the table; their scores may stay in the file."""
    rows = [line.split(",") for line in [empty, *lines(ratings), empty]]
    file = scored([",".join(row) for row in rows], file=f"scores.{kind}")
    names = ("user_id", "item_id", "time", "p")
    typed = [
        (user or None, item or None, int(time) if time else None, float(p) if p else None)
        for user, item, time, p in rows
    ]
    if kind == "jsonl":
        text = "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in typed)
        (tmp_path / "scores.jsonl").write_text(text, "utf-8")
    elif kind == "parquet":
        columns = dict(zip(names, map(list, zip(*typed, strict=True)), strict=True))
        pq.write_table(pa.table(columns), tmp_path / "scores.parquet")
    finished, _ = go(file, "one")
    told = by_method(finished)["theirs"]["details"]["predictions"]
    assert (told["rows"], told["unused_rows"], told["rows_without_key"]) == (len(rows), 2, 2)
    alone, _ = go(scored(), "two")
    assert logits_of(finished).tolist() == logits_of(alone).tolist()


@pytest.mark.parametrize("setting", ["user", "item", "order"])
def test_a_key_under_another_name_is_told_how_to_be_named(scored, go, ratings, setting):
    header = {"user": "customer,item_id,time,p", "item": "user_id,sku,time,p"}
    file = scored(header=header.get(setting, "user_id,item_id,ts,p"))
    with pytest.raises(DataError, match=rf"no column '\w+'; .*; name it with `{setting}:` of the"):
        go(file, "one")
    file = scored(header="user_id,item_id,time,q")
    with pytest.raises(DataError, match=r"no column 'p'; there are [^;]*$"):
        go(file, "two")


def test_a_key_that_is_wrong_is_not_taken_for_an_empty_one(scored, go, ratings):
    with pytest.raises(
        DataError, match=r"scores\.csv:2: column 'time': 'soon' is neither a number"
    ):
        go(scored(["u00,i00,soon,0.5", *lines(ratings)]), "one")


def test_a_file_of_empty_keys_alone_says_so(scored, go, ratings):
    said = r"no score for (\d+) of \1 .*; the file has no rows but 2 whose key is empty;"
    with pytest.raises(DataError, match=said):
        go(scored(["u00,i00,,0.5", "u00,i01,,0.5"]), "one")


def test_ids_that_lost_their_zeros_are_named(scored, go, ratings, tmp_path):
    table = (tmp_path / "ratings.csv").read_text("utf-8").replace("\nu", "\n0")
    (tmp_path / "ratings.csv").write_text(table, "utf-8")
    rows = [line.removeprefix("u").removeprefix("0") for line in lines(ratings)]
    said = r"; no user of the file is in the table: '\d+' may be '0+\d+' there \(write ids as text"
    with pytest.raises(DataError, match=said) as raised:
        go(scored(rows), "one")
    assert "no item of the file" not in str(raised.value)


def test_ids_of_another_kind_are_not_taken_for_lost_zeros(scored, go, ratings):
    rows = [f"x{line}" for line in lines(ratings)]
    with pytest.raises(DataError, match=r"; no user of the file is in the table; every method"):
        go(scored(rows), "one")


@pytest.mark.parametrize("fraction", ["", ".25", ".000000001"])
def test_a_missing_score_names_the_time_as_the_table_has_it(
    scored, go, ratings, tmp_path, fraction
):
    def iso(time):
        return f"{np.datetime64(int(time), 'h')}:00:00{fraction}Z"

    header, *rows = (tmp_path / "ratings.csv").read_text("utf-8").splitlines()
    told = [f"{row.rpartition(',')[0]},{iso(row.rpartition(',')[2])}" for row in rows]
    (tmp_path / "ratings.csv").write_text("\n".join([header, *told]) + "\n", "utf-8")
    theirs = [[*line.split(",")] for line in lines(ratings)]
    kept = [f"{user},{item},{iso(time)},{p}" for user, item, time, p in theirs[2:]]
    with pytest.raises(DataError, match="no score for 2 of") as raised:
        go(scored(kept), "one")
    (time,) = re.findall(r"time ([^)]*)\)", str(raised.value))
    assert f"{time}Z" in {iso(line.split(",")[2]) for line in lines(ratings)}


def test_rows_without_order_name_the_column_once(scored, go, ratings):
    file = scored()
    file.write_text(file.read_text("utf-8").replace("order: time, probability", "probability"))
    table = file.with_name("ratings.csv")
    text = table.read_text("utf-8").splitlines()
    table.write_text("\n".join([*text, f"{text[1].rpartition(',')[0]},99"]) + "\n")
    with pytest.raises(DataError) as raised:
        go(file, "one")
    assert "base model 'predictions'" not in str(raised.value)
    assert re.search(r"^base model 'theirs' on small/cold: \d+ rows? repeat", str(raised.value))


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
