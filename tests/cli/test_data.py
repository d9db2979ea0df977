"""`bench data`: which datasets there are, fetching them, and what one holds."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from tests.cli.test_group import imported_by

CSV = "user,item,rating,time,country,tags\n" + "".join(
    f"u{n % 4},i{n % 7},{1 + n % 5},{n},{('NA', 'US', '', 'DE')[n % 4]},{('a|b', '', 'b|')[n % 7 % 3]}\n"
    for n in range(42)
)
SUITE = """\
version: 1
name: two
datasets:
  shop: {use: table, path: x.csv, user: user, item: item, fields: [user, item, country], multi: {tags: "|"},
         sides: {tags: item}, label: "rating >= 4", order: time, min_rows_per_user: 5}
  plain: {use: table, path: x.csv, user: user, item: item, fields: [item], label: "rating >= 3", drop: "rating == 1"}
protocols:
  cold: {use: user-holdout}
base_models:
  lr: {use: lr}
seeds: [0]
"""
Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `bench data ARGUMENTS` with a cache of its own; x.csv and suite.yaml lie in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCH_DATA", raising=False)
    Path("x.csv").write_text(CSV + "u9,i0,5,1,US,\n")
    Path("suite.yaml").write_text(SUITE)

    def run(command: str, *arguments: str) -> Result:
        options = ["--cache-dir", str(tmp_path / "cache"), "--no-plugin-autoload"]
        return CliRunner().invoke(main, ["data", command, *arguments, *options])

    return run


def test_what_a_suites_datasets_hold_as_json(data: Run) -> None:
    result = data("info", "suite.yaml", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["datasets"]
    assert list(found) == ["shop", "plain"]
    shop = found["shop"]
    assert {key: shop[key] for key in ("rows", "users", "items", "positives")} == {
        "rows": 42,
        "users": 4,
        "items": 7,
        "positives": sum(1 + n % 5 >= 4 for n in range(42)),
    }
    assert shop["categories"] == {"user": 4, "item": 7, "country": 3, "tags": 2}
    assert shop["missing"] == {
        "user": 0,
        "item": 0,
        "country": 10,
        "tags": sum(n % 7 % 3 == 1 for n in range(42)),
    }
    assert (shop["exact_duplicates"], shop["contradictory"]) == (0, 0)
    assert (shop["dropped_users"], shop["users_before_filter"]) == (1, 5)
    assert shop["rows_per_user"] == {"min": 10, "25%": 10, "median": 10.5, "75%": 11, "max": 11}
    assert shop["order"] == "time"
    assert len(shop["digest"]) == 64
    assert found["plain"]["dropped_rows"] == sum(n % 5 == 0 for n in range(42))


def test_and_as_tables(data: Run) -> None:
    lines = [line.split() for line in data("info", "suite.yaml").stdout.splitlines()]
    assert ["shop"] in lines
    assert ["rows", "42"] in lines
    assert ["country", "categorical", "context", "3", "10"] in lines
    assert [
        "left",
        "out",
        "1",
        "of",
        "5",
        "users",
        "with",
        "fewer",
        "than",
        "5",
        "rows",
        "(1",
        "of",
        "43",
        "rows)",
    ] in lines
    assert ["order", "none:", "a", "seeded", "order"] in lines


def test_a_hashed_field_has_buckets_not_values(data: Run) -> None:
    Path("suite.yaml").write_text(
        SUITE.replace("sides: {tags: item}", "sides: {tags: item}, buckets: {country: 2000}")
    )
    lines = data("info", "suite.yaml").stdout.splitlines()
    line = next(line for line in lines if line.startswith("country"))
    assert line.split() == [
        "country",
        "categorical",
        "context",
        "4",
        "of",
        "2,000",
        "buckets",
        "10",
    ]
    user = next(line for line in lines if line.startswith("user "))
    assert user.split() == ["user", "categorical", "user", "4", "0"]
    found = json.loads(data("info", "suite.yaml", "--json").stdout)["datasets"]
    assert (found["shop"]["buckets"], found["plain"]["buckets"]) == ({"country": 2000}, {})


def test_the_rows_of_one_user_are_left_out_as_the_warning_says(data: Run) -> None:
    Path("x.csv").write_text(
        CSV + "".join(f"null,i{n % 7},{1 + n % 5},{n},US,\n" for n in range(60))
    )
    Path("suite.yaml").write_text(
        SUITE.partition("  plain:")[0] + SUITE[SUITE.index("protocols") :]
    )
    warned = data("info", "suite.yaml").stdout
    assert "One user, 'null', has 59% of all rows (60)." in warned
    rule = warned.partition("`drop: COLUMN ")[2].partition("`")[0]
    result = data("info", "suite.yaml", "--json", "--set", f"datasets.shop.drop=user {rule}")
    shop = json.loads(result.stdout)["datasets"]["shop"]
    assert (shop["dropped_rows"], shop["rows"]) == (60, 42)


def test_items_with_more_than_one_value_of_their_own_are_told(data: Run) -> None:
    Path("suite.yaml").write_text(
        SUITE.replace("sides: {tags: item}", "sides: {tags: item, country: item}")
    )
    result = data("info", "suite.yaml")
    assert (
        "7 items have more than one country, though it is said to be the item's\n" in result.stdout
    )
    assert "more than one tags" not in result.stdout
    found = json.loads(data("info", "suite.yaml", "--json").stdout)["datasets"]
    assert (found["shop"]["several_values"], found["plain"]["several_values"]) == (
        {"country": 7},
        {},
    )


def test_what_rows_repeat_is_said_with_what_is_compared(data: Run) -> None:
    told = data("info", "suite.yaml").stdout
    assert "(alike in user, item, fields, label and order)" in told
    assert "(alike in user, item, fields and label)" in told
    assert "(both labels for one user, item and order)" in told


def test_odd_times_and_a_user_with_most_rows_are_counted_and_said(data: Run) -> None:
    times = [0, 1_500_000_000_000, *(1_500_000_000 + n for n in range(40))]
    rows = "".join(
        f"{'null' if n < 30 else n},i{n % 7},{1 + n % 5},{t}\n" for n, t in enumerate(times)
    )
    Path("x.csv").write_text("user,item,rating,time\n" + rows)
    Path("suite.yaml").write_text(
        "version: 1\nname: odd\ndatasets:\n  shop: {use: table, path: x.csv, user: user, item: item, fields: [item], "
        'label: "rating >= 4", order: time}\nprotocols: {cold: {use: user-holdout}}\n'
        "base_models: {lr: {use: lr}}\nseeds: [0]\n"
    )
    found = json.loads(data("info", "suite.yaml", "--json").stdout)["datasets"]["shop"]
    assert found["odd_times"] == {
        "unit": "s",
        "before": 1,
        "after": 1,
        "earliest": 0,
        "latest": 1_500_000_000_000,
        "other_units": {"ms": 1},
    }
    assert found["largest_user"] == {"id": "null", "rows": 30, "share": 30 / 42, "stands_out": True}
    text = data("info", "suite.yaml").stdout
    assert "'null': 30 rows (71.4%)" in text
    assert "warning: One user, 'null', has 71% of all rows (30)." in text
    assert (
        "warning: Times in time, read as seconds since 1970, that can't be: 1 row before 1990"
        in text
    )
    assert "warning: 1 row would be real in milliseconds: time mixes two units" in text


def test_fetch_prepares_once_and_says_where(data: Run) -> None:
    first, second = data("fetch", "suite.yaml"), data("fetch", "suite.yaml")
    assert first.exit_code == second.exit_code == 0
    assert "shop: table: prepared from x.csv" in first.stderr
    assert "shop: table: already prepared, from x.csv" in second.stderr
    assert first.stdout == second.stdout
    assert first.stdout.startswith("shop: 42 rows in ")


def small(folder: Path) -> None:
    folder.mkdir(parents=True)
    rows = "".join(f"{n % 4},{n % 7},{(1 + n % 10) / 2},{n}\n" for n in range(42))
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + rows)
    (folder / "movies.csv").write_text(
        "movieId,title,genres\n" + "".join(f"{n},t,Drama\n" for n in range(7))
    )


def test_values_of_the_suite_can_be_set(data: Run) -> None:
    setting = ("--set", "datasets.plain.drop=rating == 1 or rating == 5")
    before, after = (
        json.loads(data("info", "suite.yaml", "--json", *more).stdout)["datasets"]["plain"]["rows"]
        for more in ((), setting)
    )
    assert after < before
    assert data("fetch", "suite.yaml", *setting).stdout.count(f"plain: {after} rows") == 1
    wrong = data("info", "movielens-100k", *setting)
    assert wrong.exit_code == 2
    assert "--set sets values of a suite" in wrong.stderr


def test_list_says_what_is_there_prepared_and_to_be_downloaded(data: Run, tmp_path: Path) -> None:
    def listed(*options: str) -> dict[str, dict[str, object]]:
        return {
            row["name"]: row
            for row in json.loads(data("list", "--json", *options).stdout)["datasets"]
        }

    before = listed()
    assert before["table"] == {
        "name": "table",
        "prepared": None,
        "downloadable": None,
        "from": "what a suite says",
    }
    assert before["movielens-100k"]["downloadable"] is True
    assert str(before["movielens-100k"]["from"]).startswith("grouplens (https://")
    assert before["movielens-latest-small"]["downloadable"] is False
    assert str(before["movielens-latest-small"]["from"]).endswith("(not there)")
    small(tmp_path / "films/ml-latest-small")
    there = listed("--data-dir", "films")["movielens-latest-small"]
    assert (there["prepared"], there["from"]) == (
        False,
        "ml-latest-small/ratings.csv, ml-latest-small/movies.csv",
    )
    assert data("fetch", "movielens-latest-small", "--data-dir", "films").exit_code == 0
    assert listed("--data-dir", "films")["movielens-latest-small"]["prepared"] is True
    lines = [
        line.split(maxsplit=3) for line in data("list", "--data-dir", "films").stdout.splitlines()
    ]
    assert lines[0] == ["dataset", "prepared", "download", "comes from"]
    assert [
        "movielens-latest-small",
        "yes",
        "no",
        "ml-latest-small/ratings.csv, ml-latest-small/movies.csv",
    ] in lines


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["info", "table"],
            "dataset 'table' needs settings; name it in a suite file and give that",
        ),
        (["info", "movielens-2m"], "movielens-2m"),
        (["fetch", "no-such.yaml"], "no-such.yaml"),
        (["fetch", "movielens-latest-small"], "it is not downloaded: GroupLens changes"),
    ],
)
def test_what_can_not_be_had_is_one_line_and_exit_2(
    data: Run, arguments: list[str], error: str
) -> None:
    result = data(*arguments)
    assert result.exit_code == 2
    assert error in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_file_that_is_wrong_is_named_with_its_line(data: Run) -> None:
    Path("x.csv").write_text(CSV + "u1,i1,good,9,US,\n")
    result = data("info", "suite.yaml", "--json")
    assert result.exit_code == 2
    assert result.stderr.startswith("x.csv:44: column 'rating': 'good' is not a number; ")


@pytest.mark.fault(43)
def test_a_name_in_the_data_can_not_paint_the_terminal(data: Run) -> None:
    Path("x.csv").write_text(CSV.replace("US", "U\x1b[31mS ", 1).replace("US", "U\x1b[31mS"))
    result = data("info", "suite.yaml")
    assert (
        "warning: field 'country': 'U\\x1b[31mS ' and 'U\\x1b[31mS' differ only by spaces"
        in result.stdout
    )
    assert "\x1b" not in result.output


@pytest.mark.parametrize(
    "arguments", [("data", "--help"), ("data", "info", "--help"), ("data", "list", "--help")]
)
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported_by(*arguments) == set()


@pytest.mark.parametrize("command", ["list", "fetch", "info"])
def test_every_command_takes_traceback(command: str) -> None:
    assert "--traceback" in CliRunner().invoke(main, ["data", command, "--help"]).output


SHOP = """\
version: 1
name: shop
datasets:
  clicks: {{use: table, path: {file}, fields: [user_id, item_id], label: "rating >= 4"}}
protocols:
  cold: {{use: user-holdout, setting: cold}}
base_models:
  lr: {{use: lr}}
  fm: {{use: fm}}
methods:
  average: {{selector: {{use: average}}}}
seeds: [0]
"""
HEAD = "user_id,item_id,rating\nu1,i1,5\n"


@pytest.mark.parametrize(
    ("file", "content", "line", "said"),
    [
        ("clicks.csv", HEAD + "u1,i2\n", 3, "2 fields where 3 are expected"),
        ("clicks.csv", HEAD + "u1,i2,five\n", 3, "column 'rating': "),
        ("clicks.csv", HEAD.replace("item_id", "item") + "u1,i2,4\n", None, "no column 'item_id'"),
        ("clicks.csv", HEAD + "u1,i\udcff2,4\n", 3, "is not utf-8"),
        ("clicks.parquet", HEAD + "u1,,4\n", 2, "column 'item_id': "),
        ("clicks.parquet", HEAD + "u1,i2,4\n", None, "one class alone"),
    ],
)
def test_an_error_of_data_has_its_place_in_json(
    tmp_path: Path, file: str, content: str, line: int | None, said: str
) -> None:
    """Of Parquet, which has no lines, the row."""
    if file.endswith(".parquet"):
        pd.read_csv(io.StringIO(content)).to_parquet(tmp_path / file)
    else:
        (tmp_path / file).write_text(content, "utf-8", "surrogateescape")
    (tmp_path / "shop.yaml").write_text(SHOP.format(file=file), "utf-8")
    arguments = ["data", "info", str(tmp_path / "shop.yaml"), "--cache-dir", str(tmp_path / "c")]
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 2
    (error,) = json.loads(result.stdout)["errors"]
    assert (error["file"], error["line"], error["column"]) == (file, line, None)
    assert said in error["message"]
    place = file if line is None else f"{file}: row {line}" if "parquet" in file else f"{file}:3"
    assert f"{place}: {error['message']}" in result.stderr
