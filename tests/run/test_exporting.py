"""What leaves a run by user or by row has the data's own ids: text, as in the file, never the harness's numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import DataError, NoRunError, StorageError
from bench.records import read_table, write_table
from bench.run.exporting import predictions_table
from tests.run.conftest import by_method, write_ratings

KEYS = ["user", "item", "order"]


def renamed(folder: Path) -> dict[tuple[str, str, int], int]:
    """ratings.csv by ids that are numbers too, though not those that the harness gives; its labels by key."""
    write_ratings(folder / "ratings.csv")
    with (folder / "ratings.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["user_id"] = f"{(7 * int(row['user_id'][1:])) % 24:03}"
        row["item_id"] = str(14 - int(row["item_id"][1:]))
    with (folder / "ratings.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return {(row["user_id"], row["item_id"], int(row["time"])): int(row["liked"]) for row in rows}


@pytest.fixture
def finished(tmp_path, write_suite, go):
    labels = renamed(tmp_path)
    return go(write_suite())[0], labels


def loss(frame, labels):
    y = np.array([labels[key] for key in frame[KEYS].itertuples(index=False, name=None)])
    return np.logaddexp(0, np.where(y == 1, -frame.logit, frame.logit)).mean()


def test_tables_by_user_have_the_datas_ids(finished):
    run, labels = finished
    table = read_table(run.folder, run.user_tables["small/cold"]).to_pandas()
    rows_of_user = {
        user: sum(key[0] == user for key in labels) for user in {key[0] for key in labels}
    }
    assert set(table.user) <= set(rows_of_user)
    for line in table.itertuples():
        assert line.rows + line.support_rows == rows_of_user[line.user]


def test_every_prediction_is_exported_under_the_key_of_its_row(finished, tmp_path):
    run, labels = finished
    frame = predictions_table(run, tmp_path / "cache-one", labels=True).to_pandas()
    assert list(frame) == ["dataset", "protocol", "method", "seed", *KEYS, "label", "logit"]
    assert set(frame.method) == {"lr", "fm", "average", "user-best"}
    keys = list(frame[KEYS].itertuples(index=False, name=None))
    assert frame.label.tolist() == [labels[key] for key in keys]
    for name, own in frame.groupby("method"):
        assert not own.duplicated(KEYS).any()
        record = by_method(run)[name]
        assert loss(own, labels) == pytest.approx(record["metrics"]["logloss"]["value"], rel=1e-12)


def test_one_seeds_own_split_is_the_one_whose_rows_are_told(tmp_path, write_suite, go):
    labels = renamed(tmp_path)
    run, _ = go(write_suite(protocol="split_seed: trial"), seeds=(0, 1, 2), only=("lr",))
    frame = predictions_table(run, tmp_path / "cache-one").to_pandas()
    assert "label" not in frame
    tested = [set(own.user) for _, own in frame.groupby("seed")]
    assert len({frozenset(users) for users in tested}) > 1
    for record in run.records:
        if record["trial"]["method"] == "lr":
            own = frame[frame.seed == record["trial"]["seed"]]
            assert loss(own, labels) == pytest.approx(record["metrics"]["logloss"]["value"])


def test_the_command_writes_what_reads_back_the_same(finished, tmp_path):
    run, _ = finished
    expected = predictions_table(run, tmp_path / "cache-one", ("fm",))
    for name in ("a.csv", "a.parquet"):
        options = ["--method", "fm", "--cache-dir", str(tmp_path / "cache-one")]
        result = CliRunner().invoke(
            main, ["export", str(run.folder), str(tmp_path / name), *options]
        )
        assert result.exit_code == 0, result.output
    assert pq.read_table(tmp_path / "a.parquet").equals(expected)
    types = pa_csv.ConvertOptions(column_types=expected.schema)
    assert pa_csv.read_csv(tmp_path / "a.csv", convert_options=types).equals(expected)


def test_methods_may_be_a_list_with_commas(finished, tmp_path):
    run, _ = finished
    cache = tmp_path / "cache-one"
    both = predictions_table(run, cache, ("lr,fm",))
    assert both.equals(predictions_table(run, cache, ("lr", "fm")))
    with pytest.raises(NoRunError, match="no predictions of a method 'lr,fn'"):
        predictions_table(run, cache, ("lr,fn",))


def test_without_the_prepared_data_the_way_out_is_told(finished, tmp_path):
    run, _ = finished
    with pytest.raises(
        StorageError, match=r"dataset 'small' of .* is not in the cache .*; run the suite again"
    ):
        predictions_table(run, tmp_path / "other")
    with pytest.raises(NoRunError, match="no predictions of a method 'fmm'; did you mean 'fm'"):
        predictions_table(run, tmp_path / "cache-one", ("fmm",))
    result = CliRunner().invoke(main, ["export", str(run.folder), str(tmp_path / "a.txt")])
    assert result.exit_code == 2


def test_equal_content_under_other_ids_is_not_taken_for_the_runs_data(tmp_path, write_suite, go):
    """The digest of the content does not see the texts of ids: another file of the same content lies in the same cache."""
    labels = renamed(tmp_path)
    file = write_suite()
    run, _ = go(file, cache="cache")
    text = (tmp_path / "ratings.csv").read_text()
    head, *lines = text.splitlines()
    (tmp_path / "ratings.csv").write_text("\n".join([head, *(f"x{line}" for line in lines), ""]))
    other, _ = go(file, "two", cache="cache")
    digests = {one.manifest["datasets"]["small"]["digest"] for one in (run, other)}
    assert len(digests) == 1
    own = set(predictions_table(run, tmp_path / "cache").to_pandas().user)
    theirs = set(predictions_table(other, tmp_path / "cache").to_pandas().user)
    assert own < {key[0] for key in labels}
    assert theirs == {f"x{user}" for user in own}


@pytest.fixture
def accounts(tmp_path, write_suite):
    """Writes the suite over a table that has users and items by two columns each, `user` and `item` those to take; the
    content is the same."""
    write_ratings(tmp_path / "ratings.csv")
    head, *lines = (tmp_path / "ratings.csv").read_text().splitlines()
    rows = [f"{line},acc-{line.split(',')[0]},no-{line.split(',')[1]},{line[-1]}" for line in lines]
    text = "\n".join([f"{head},account,number,digit", *rows, ""])
    (tmp_path / "ratings.csv").write_text(text)

    def accounts(user="user_id", item="item_id", **given):
        file = write_suite(**given)
        told = "user: user_id, item: item_id, fields: [user_id, item_id]"
        named = f"user: {user}, item: {item}, fields: [digit]"
        file.write_text(file.read_text().replace(told, named))
        return file

    return accounts


COLUMNS = {"user": {"user": "account"}, "item": {"item": "number"}}


def exported(finished, cache, owner):
    return set(predictions_table(finished, cache).to_pandas()[owner])


@pytest.mark.parametrize("owner", COLUMNS)
@pytest.mark.parametrize("where", ["one", "two"])
def test_ids_of_another_column_of_one_file_are_told(accounts, tmp_path, go, owner, where):
    """Data of one content in one cache, runs in one folder or in two."""
    cache, prefix = tmp_path / "cache", {"user": "acc-", "item": "no-"}[owner]
    first, _ = go(accounts(), cache="cache")
    own = exported(first, cache, owner)
    second, _ = go(accounts(**COLUMNS[owner]), where, cache="cache")
    digests = {one.manifest["datasets"]["small"]["digest"] for one in (first, second)}
    assert len(digests) == 1
    assert exported(second, cache, owner) == {f"{prefix}{name}" for name in own}
    if where == "two":
        assert exported(first, cache, owner) == own
    table = read_table(second.folder, second.user_tables["small/cold"]).to_pandas()
    assert {user.startswith("acc-") for user in table.user} == {owner == "user"}


def test_scores_are_joined_anew_where_ids_are_of_another_column(accounts, tmp_path, go):
    rows = [row.split(",") for row in (tmp_path / "ratings.csv").read_text().splitlines()[1:]]
    lines = [f"{user},{item},{time},.5" for user, item, _, time, *_ in rows]
    (tmp_path / "p.csv").write_text("\n".join(["user_id,item_id,time,p", *lines, ""]))
    theirs = "theirs: {use: predictions, path: p.csv, order: time, probability: p}"
    given = {
        "models": f"  lr: {{use: lr}}\n  {theirs}",
        "methods": "  average: {selector: {use: average}}",
    }
    go(accounts(**given), cache="cache")
    with pytest.raises(DataError, match="no score for"):
        go(accounts("account", **given), "two", cache="cache")


def test_orders_of_two_types_are_kept_to_the_last_digit(tmp_path, write_suite, go):
    renamed(tmp_path)
    file = write_suite()
    text = file.read_text()
    (tmp_path / "late.csv").write_text(
        (tmp_path / "ratings.csv").read_text().replace(",0\n", ",0.5\n")
    )
    second = text.split("small: ")[1].split("\n")[0].replace("ratings.csv", "late.csv")
    file.write_text(text.replace("protocols:", f"  late: {second}\nprotocols:"))
    run, _ = go(file, only=("lr",))
    table = predictions_table(run, tmp_path / "cache-one")
    assert table.schema.field("order").type == pa.large_string()
    assert all(value.isdigit() for value in table.to_pandas().query("dataset == 'small'").order)


def test_the_table_by_user_needs_no_cache_and_may_be_of_some_methods(finished, tmp_path):
    run, _ = finished

    def export(name, *options):
        return CliRunner().invoke(
            main, ["export", str(run.folder), str(tmp_path / name), "--users", *options]
        )

    assert export("all.csv").exit_code == 0
    users = pd.read_csv(tmp_path / "all.csv", dtype={"user": str})
    pd.testing.assert_frame_equal(users, run.users(), check_dtype=False)
    assert export("one.parquet", "--method", "fm,lr").exit_code == 0
    some = pq.read_table(tmp_path / "one.parquet").to_pandas()
    assert set(some.method) == {"fm", "lr"}
    assert len(some) == len(users) / 2
    unknown = export("no.csv", "--method", "fmm")
    assert unknown.exit_code == 2
    assert "no predictions of a method 'fmm'; did you mean 'fm'" in unknown.output
    assert export("no.csv", "--labels").exit_code == 2
    assert not (tmp_path / "no.csv").exists()


def test_two_datasets_of_other_columns_are_one_table_by_user(finished):
    """Whatever their names: each may hold a slash."""
    run, _ = finished
    lines = [
        line | {"dataset": "a/b", "protocol": protocol}
        for line in run.manifest["trials"]
        for protocol in ("c/d", "e")
    ]
    whole = read_table(run.folder, run.user_tables["small/cold"])
    fewer = write_table(run.folder, whole.drop_columns(["auc"]))
    both = run._replace(
        manifest=run.manifest | {"trials": lines},
        user_tables={"a/b/c/d": run.user_tables["small/cold"], "a/b/e": fewer},
    ).users()
    assert set(zip(both.dataset, both.protocol, strict=True)) == {("a/b", "c/d"), ("a/b", "e")}
    assert both[both.protocol == "e"].auc.isna().all()
    assert both[both.protocol == "c/d"].auc.notna().any()
