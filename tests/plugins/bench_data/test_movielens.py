"""MovieLens from each of its sources: files in three forms, an archive and a package index on loopback. Tables are made up."""

from __future__ import annotations

import hashlib
import http.server
import os
import threading
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.data import prepare
from bench.errors import DownloadError
from bench_data import movielens
from bench_data.movielens import MovieLens1M, MovieLens100K

GENRES = ["unknown", "Action", "Drama", "War"]


def made_up(seed=0):
    """Ratings, users and items, as text."""
    rng = np.random.default_rng(seed)
    users = pd.DataFrame(
        {"user_id": [str(u) for u in range(1, 9)], "age": "24", "gender": ["M", "F"] * 4, "occupation": "writer",
         "zip_code": [f"{10000 + 977 * u}" for u in range(8)]}
    )  # fmt: skip
    items = pd.DataFrame({"item_id": [str(i) for i in range(1, 7)]})
    chosen = [rng.choice(GENRES, rng.integers(1, 3), replace=False) for _ in range(6)]
    items["genres"] = ["|".join(sorted(genres, key=GENRES.index)) for genres in chosen]
    pairs = [(u, i) for u in users.user_id for i in rng.choice(items.item_id, 4, replace=False)]
    ratings = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    ratings["rating"] = [str(r) for r in rng.integers(1, 6, len(ratings))]
    ratings["timestamp"] = [str(880_000_000 + t // 2) for t in range(len(ratings))]
    return ratings, users, items


def write_parquet(folder: Path):
    folder.mkdir(parents=True)
    ratings, users, items = made_up()
    ratings.astype({"rating": int, "timestamp": int, "user_id": int, "item_id": int}).to_parquet(
        folder / "ratings.parquet"
    )
    users.astype({"user_id": int, "age": int}).to_parquet(folder / "users.parquet")
    items.astype({"item_id": int}).to_parquet(folder / "items.parquet")


def write_raw(folder: Path):
    folder.mkdir(parents=True)
    ratings, users, items = made_up()
    (folder / "u.data").write_text(
        "".join("\t".join(row) + "\n" for row in ratings.itertuples(index=False))
    )
    (folder / "u.user").write_text(
        "".join("|".join(row) + "\n" for row in users.itertuples(index=False))
    )
    (folder / "u.genre").write_text("".join(f"{genre}|{n}\n" for n, genre in enumerate(GENRES)))
    lines = []
    for row in items.itertuples():
        marks = "|".join(str(int(genre in row.genres.split("|"))) for genre in GENRES)
        lines.append(f'{row.item_id}|Film "é" {row.item_id}|01-Jan-1995||http://x|{marks}\n')
    (folder / "u.item").write_text("".join(lines), encoding="latin-1")


def write_atomic(folder: Path):
    folder.mkdir(parents=True)
    ratings, users, items = made_up()
    head = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    (folder / "ml-100k.inter").write_text(
        head + "".join("\t".join(r) + "\n" for r in ratings.itertuples(index=False))
    )
    head = "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    (folder / "ml-100k.user").write_text(
        head + "".join("\t".join(r) + "\n" for r in users.itertuples(index=False))
    )
    head = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    lines = [
        f"{row.item_id}\tFilm\t1995\t{row.genres.replace('|', ' ')}\n" for row in items.itertuples()
    ]
    (folder / "ml-100k.item").write_text(head + "".join(lines))


def zipped(files: Path, archive: Path, prefix: str) -> str:
    """Zips a folder's files; gives the archive's sha256."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for file in sorted(files.iterdir()):
            opened.write(file, f"{prefix}/{file.name}")
    return hashlib.sha256(archive.read_bytes()).hexdigest()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A server on loopback over tmp_path/site, which stands for GroupLens; nothing else can be reached."""
    (tmp_path / "site").mkdir()
    handler = partial(_Quiet, directory=str(tmp_path / "site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(movielens, "GROUPLENS", url)
    for name in [name for name in os.environ if name.upper().startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}simple/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("BENCH_DATA", raising=False)
    yield tmp_path / "site"
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def prepared(tmp_path, data=None, cls=MovieLens100K, cache="cache"):
    said = []
    found = prepare(cls(cls.Params()), data_dir=data, cache=tmp_path / cache, report=said.append)
    return found, said


@pytest.fixture
def expected(tmp_path):
    """The digest of the made-up table, from Parquet files."""
    write_parquet(tmp_path / "data" / "ml-100k")
    return prepared(tmp_path, tmp_path / "data", cache="expected")[0].digest


def test_parquet_and_grouplens_files_are_one_table(tmp_path, expected):
    write_raw(tmp_path / "raw" / "ml-100k")
    found, _ = prepared(tmp_path, tmp_path / "raw")
    assert found.digest == expected
    assert [field.name for field in found.fields] == [
        "user_id",
        "item_id",
        "gender",
        "age",
        "occupation",
        "zip",
        "genres",
    ]
    assert found.meta["order"] == "timestamp"


def test_the_archive_serves_where_there_are_no_files(tmp_path, site, monkeypatch, expected):
    write_raw(tmp_path / "raw" / "ml-100k")
    monkeypatch.setattr(
        movielens,
        "ML_100K_SHA256",
        zipped(tmp_path / "raw" / "ml-100k", site / "ml-100k.zip", "ml-100k"),
    )
    found, said = prepared(tmp_path)
    assert found.digest == expected
    assert found.meta["source"]["name"] == "grouplens"
    assert any("grouplens" in line for line in said)


def put_wheel(tmp_path, site) -> str:
    write_atomic(tmp_path / "atomic")
    folder = site / "simple" / "recbole"
    wheel = folder / "recbole-1.2.1-py3-none-any.whl"
    zipped(tmp_path / "atomic", wheel, "recbole/dataset_example/ml-100k")
    with zipfile.ZipFile(wheel, "a") as opened:
        opened.writestr(
            "recbole-1.2.1.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: recbole\nVersion: 1.2.1\n",
        )
        opened.writestr(
            "recbole-1.2.1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        opened.writestr("recbole-1.2.1.dist-info/RECORD", "")
        opened.writestr("recbole/__init__.py", "raise SystemExit('imported')\n")
    (folder / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_the_wheel_serves_where_grouplens_is_out_of_reach(tmp_path, site, monkeypatch, expected):
    monkeypatch.setattr(movielens, "WHEEL_SHA256", put_wheel(tmp_path, site))
    found, said = prepared(tmp_path)
    assert found.digest == expected
    assert found.meta["source"]["name"] == "recbole-wheel"
    assert any("HTTP status 404" in line for line in said), "what failed before is said"


def test_no_source_at_all(tmp_path, site):
    with pytest.raises(
        DownloadError, match=r"grouplens: .*404.*recbole-wheel: .*--data-dir DIR or BENCH_DATA"
    ):
        prepared(tmp_path)
    assert not list((tmp_path / "cache").glob("data/*"))


@pytest.mark.fault(40)
def test_wrong_hash(tmp_path, site):
    write_raw(tmp_path / "raw" / "ml-100k")
    zipped(tmp_path / "raw" / "ml-100k", site / "ml-100k.zip", "ml-100k")
    with pytest.raises(DownloadError, match=r"grouplens: .*sha256 is not 50d2a982"):
        prepared(tmp_path)


@pytest.mark.fault(40)
def test_truncated_archive(tmp_path, site, monkeypatch):
    write_raw(tmp_path / "raw" / "ml-100k")
    archive = site / "ml-100k.zip"
    monkeypatch.setattr(
        movielens, "ML_100K_SHA256", zipped(tmp_path / "raw" / "ml-100k", archive, "ml-100k")
    )
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(DownloadError, match="truncated or another file"):
        prepared(tmp_path)


def test_unreachable(tmp_path, site, monkeypatch):
    monkeypatch.setattr(movielens, "GROUPLENS", "http://127.0.0.1:1/")
    with pytest.raises(
        DownloadError, match=r"http://127\.0\.0\.1:1/ml-1m\.zip can't be reached .*refused"
    ):
        prepared(tmp_path, cls=MovieLens1M)


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    ("entry", "said"), [("../../evil.txt", "leads out of it"), ("/evil.txt", "leads out of it")]
)
def test_hostile_archives_are_refused(tmp_path, site, monkeypatch, entry, said):
    with zipfile.ZipFile(site / "ml-100k.zip", "w") as opened:
        opened.writestr(entry, "x")
    monkeypatch.setattr(
        movielens, "ML_100K_SHA256", hashlib.sha256((site / "ml-100k.zip").read_bytes()).hexdigest()
    )
    with pytest.raises(DownloadError, match=said):
        prepared(tmp_path)
    assert not list(tmp_path.rglob("evil.txt"))


@pytest.mark.parametrize(
    ("cls", "folder", "counts"),
    [
        (MovieLens100K, "ml-100k", (100_000, 943, 1_682)),
        (MovieLens1M, "ml-1m", (1_000_209, 6_040, 3_706)),
    ],
    ids=["100k", "1m"],
)
def test_real_tables_have_the_published_counts(tmp_path, cls, folder, counts):
    data = os.environ.get("BENCH_DATA")
    if not data or not (Path(data) / folder).exists():
        pytest.skip(f"needs {folder} below BENCH_DATA")
    found, _ = prepared(tmp_path, Path(data), cls)
    assert tuple(found.meta["counts"][name] for name in ("rows", "users", "items")) == counts
