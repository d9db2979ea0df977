"""MovieLens: what stands in where a source fails, the forms of 1M, and the real tables in all their forms."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from bench.data import Interactions, prepare
from bench.errors import DataError
from bench_data import movielens
from bench_data.movielens import MovieLens1M, MovieLens100K
from tests.data.loopback import use_only_index
from tests.data.toy import archive
from tests.plugins.bench_data.forms import Films, raw_1m, raw_100k, wheel_100k, write, write_parquet

pytestmark = pytest.mark.usefixtures("no_data_folder")
WHEEL = "bench_fixture_wheel-1.0-py3-none-any.whl"


def prepare_100k(
    cache: Path, data_dir: Path | None = None, said: list[str] | None = None
) -> Interactions:
    report = [].append if said is None else said.append
    return prepare(
        MovieLens100K(MovieLens100K.Params()), data_dir=data_dir, cache=cache, report=report
    )


def parquet_digest(films: Films, tmp_path: Path) -> str:
    write_parquet(tmp_path / "parquet/ml-100k", films)
    return prepare_100k(tmp_path / "parquet-cache", tmp_path / "parquet").digest


def serve_grouplens(site, monkeypatch, films: Films) -> None:
    content = archive({f"ml-100k/{name}": text for name, text in raw_100k(films).items()})
    site.pages["/ml-100k.zip"] = content
    monkeypatch.setattr(movielens, "GROUPLENS", site.url)
    monkeypatch.setattr(movielens, "ML_100K_SHA256", hashlib.sha256(content).hexdigest())


def serve_wheel(site, monkeypatch, films: Films) -> None:
    files = {
        f"recbole/dataset_example/ml-100k/{name}": text for name, text in wheel_100k(films).items()
    }
    about = {
        "METADATA": "Metadata-Version: 2.1\nName: bench-fixture-wheel\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\n",
    }
    content = archive(
        {**files, **{f"bench_fixture_wheel-1.0.dist-info/{name}": about[name] for name in about}}
    )
    site.pages["/simple/bench-fixture-wheel/"] = f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
    site.pages[f"/{WHEEL}"] = content
    monkeypatch.setattr(movielens, "WHEEL", "pip://bench-fixture-wheel==1.0")
    monkeypatch.setattr(movielens, "WHEEL_SHA256", hashlib.sha256(content).hexdigest())
    use_only_index(monkeypatch, f"{site.url}simple")


@pytest.mark.parametrize("trouble", ["unreachable", "wrong hash", "truncated"])
def test_where_grouplens_fails_the_wheel_serves_the_same_table(
    site, films, tmp_path, cache, monkeypatch, trouble
):
    serve_grouplens(site, monkeypatch, films)
    if trouble == "unreachable":
        monkeypatch.setattr(movielens, "GROUPLENS", "http://127.0.0.1:9/")
    else:
        page = site.pages["/ml-100k.zip"]
        site.pages["/ml-100k.zip"] = page[:-9] if trouble == "truncated" else page + b"\0"
    serve_wheel(site, monkeypatch, films)
    said: list[str] = []
    prepared = prepare_100k(cache, said=said)
    assert len(said) == 2
    assert said[0].startswith("movielens-100k: grouplens: http://127.0.0.1:")
    assert said[1] == "movielens-100k: prepared from recbole-wheel (pip://bench-fixture-wheel==1.0)"
    assert prepared.meta["source"] == {
        "name": "recbole-wheel",
        "sha256": {"bench-fixture-wheel-1.0.whl": movielens.WHEEL_SHA256},
    }
    assert prepared.digest == parquet_digest(films, tmp_path)


def prepare_1m(cache: Path, data_dir: Path | None) -> Interactions:
    return prepare(
        MovieLens1M(MovieLens1M.Params(label="rating >= 3")), data_dir=data_dir, cache=cache
    )


def test_1m_in_parquet_is_ordered_by_order_in_user_and_raw_by_timestamp(films, tmp_path, cache):
    write_parquet(tmp_path / "parquet/ml-1m", films)
    write(tmp_path / "raw/ml-1m", raw_1m(films))
    parquet, raw = (prepare_1m(cache, tmp_path / form) for form in ("parquet", "raw"))
    assert [prepared.meta["order"] for prepared in (parquet, raw)] == ["order_in_user", "timestamp"]
    assert parquet.digest != raw.digest
    assert parquet.meta["sizes"] == raw.meta["sizes"]
    assert (
        parquet.meta["counts"]["positives"]
        == raw.meta["counts"]["positives"]
        == (films.ratings.rating >= 3).sum()
    )


def test_1m_comes_from_grouplens(site, films, tmp_path, cache, monkeypatch):
    content = archive({f"ml-1m/{name}": text for name, text in raw_1m(films).items()})
    site.pages["/ml-1m.zip"] = content
    monkeypatch.setattr(movielens, "GROUPLENS", site.url)
    monkeypatch.setattr(movielens, "ML_1M_SHA256", hashlib.sha256(content).hexdigest())
    write(tmp_path / "raw/ml-1m", raw_1m(films))
    assert prepare_1m(cache, None).digest == prepare_1m(cache, tmp_path / "raw").digest


def test_a_file_of_another_shape_is_refused(films, tmp_path, cache):
    write(tmp_path / "ml-100k", {**raw_100k(films), "u.user": b"1|24|M|technician\n"})
    with pytest.raises(DataError, match=r"^u\.user:1: 4 fields where 5 are expected"):
        prepare_100k(cache, tmp_path)


def test_the_label_is_a_rule():
    with pytest.raises(ValidationError, match="neither COLUMN nor COLUMN OP NUMBER"):
        MovieLens100K.Params(label="rating => 4")


def real(name: str) -> Path:
    folder = Path(DATA) / name if DATA else None
    if folder is None or not (folder / "ratings.parquet").is_file():
        pytest.skip(f"BENCH_DATA names no folder with {name}")
    return folder


DATA = os.environ.get("BENCH_DATA")


def test_the_real_100k_has_its_published_counts_and_one_digest_in_every_form(tmp_path, cache):
    frames = [pd.read_parquet(real("ml-100k") / f"{name}.parquet") for name in Films._fields]
    films = Films(*frames)
    prepared = prepare_100k(cache, Path(DATA))
    assert prepared.meta["counts"]["rows"] == 100_000
    assert prepared.sizes | {"zip": 0} == {
        "user_id": 944,
        "item_id": 1683,
        "gender": 3,
        "age": 62,
        "occupation": 22,
        "zip": 0,
        "genres": 20,
    }
    assert prepared.meta["counts"]["positives"] == 34_174 + 21_201
    write(tmp_path / "raw/ml-100k", raw_100k(films))
    assert prepare_100k(cache, tmp_path / "raw").digest == prepared.digest


def test_the_real_1m_has_its_published_counts(cache):
    folder = real("ml-1m")
    prepared = prepare(MovieLens1M(MovieLens1M.Params()), data_dir=folder.parent, cache=cache)
    counts = prepared.meta["counts"]
    assert (counts["rows"], counts["users"], counts["items"]) == (1_000_209, 6_040, 3_706)
    assert counts["positives"] == 348_971 + 226_310
    assert (np.diff(prepared.user_ptr) >= 20).all()
    steps = np.diff(prepared.order)
    assert (steps[np.diff(prepared.users) == 0] > 0).all()
