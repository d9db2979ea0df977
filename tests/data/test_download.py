"""Downloads: only what has the right hash is used, an archive is opened with suspicion, and errors say why."""

from __future__ import annotations

import hashlib
import socket
import zipfile
from pathlib import Path

import pytest

from bench.data.prepared.download import extract, fetch
from bench.errors import DownloadError
from bench.interfaces import Source
from tests.data.loopback import use_only_index
from tests.data.toy import CSV, archive

ARCHIVE = archive({"toy/clicks.csv": CSV})


def source(url: str, content: bytes = ARCHIVE) -> Source:
    return Source("toy", url, hashlib.sha256(content).hexdigest(), ("toy/clicks.csv",))


@pytest.mark.fault(29)
def test_an_archive_is_downloaded_once_and_again_when_damaged(site, tmp_path):
    site.pages["/toy.zip"] = ARCHIVE
    wanted = source(f"{site.url}toy.zip")
    path = fetch(wanted, tmp_path)
    assert path.read_bytes() == ARCHIVE
    assert fetch(wanted, tmp_path) == path
    assert site.asked == ["/toy.zip"]
    path.write_bytes(b"damaged")
    assert fetch(wanted, tmp_path).read_bytes() == ARCHIVE
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.fault(40)
def test_a_wrong_hash_is_refused_and_nothing_is_kept(site, tmp_path):
    site.pages["/toy.zip"] = ARCHIVE
    with pytest.raises(
        DownloadError, match=r"toy\.zip is truncated or another file: its sha256 is not"
    ):
        fetch(source(f"{site.url}toy.zip", b"other"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.fault(40)
def test_a_download_that_breaks_off_is_refused(site, tmp_path):
    site.pages["/toy.zip"], site.cut = ARCHIVE, 10
    with pytest.raises(
        DownloadError, match=r"toy\.zip (can't be read \(IncompleteRead|is truncated)"
    ):
        fetch(source(f"{site.url}toy.zip"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.fault(44)
def test_a_page_that_is_not_there_and_secrets_of_a_url_that_are_not_shown(site, tmp_path):
    url = f"{site.url}gone.zip?token=secret".replace("http://", "http://me:secret@")
    with pytest.raises(
        DownloadError, match=r"^http://127.*/gone\.zip can't be read \(HTTP status 404\)$"
    ):
        fetch(source(url), tmp_path)


def test_a_site_that_can_not_be_reached(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/toy.zip"
        with pytest.raises(
            DownloadError, match=r"toy\.zip can't be reached \(ConnectionRefusedError: "
        ):
            fetch(source(url), tmp_path)


def serve_wheel(site, monkeypatch, content: bytes) -> None:
    name = "bench_fixture_wheel-1.0-py3-none-any.whl"
    site.pages["/simple/bench-fixture-wheel/"] = f'<a href="/{name}">{name}</a>'.encode()
    site.pages[f"/{name}"] = content
    use_only_index(monkeypatch, f"{site.url}simple")


def test_a_wheel_comes_from_the_package_index_and_is_not_installed(site, tmp_path, monkeypatch):
    about = {
        "METADATA": "Metadata-Version: 2.1\nName: bench-fixture-wheel\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\n",
    }
    wheel = archive(
        {
            "toy/clicks.csv": CSV,
            **{f"bench_fixture_wheel-1.0.dist-info/{name}": about[name] for name in about},
        }
    )
    serve_wheel(site, monkeypatch, wheel)
    path = fetch(source("pip://bench-fixture-wheel==1.0", wheel), tmp_path / "downloads")
    files = extract(path, ("toy/clicks.csv",), tmp_path / "files")
    assert files["toy/clicks.csv"].read_text() == CSV
    with pytest.raises(
        DownloadError,
        match=r"the wheel bench_fixture_wheel-1\.0-\S+ is another file: its sha256 is",
    ):
        fetch(source("pip://bench-fixture-wheel==1.0", b"other"), tmp_path / "elsewhere")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_package_that_no_index_has(site, tmp_path, monkeypatch):
    use_only_index(monkeypatch, f"{site.url}simple")
    with pytest.raises(
        DownloadError,
        match=r"^pip can't bring bench-fixture-wheel==1\.0 \(No matching distribution",
    ):
        fetch(source("pip://bench-fixture-wheel==1.0"), tmp_path)


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    return path


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    "name", ["../evil.csv", "/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:\\evil.csv"]
)
def test_names_that_lead_out_of_an_archive_are_refused(tmp_path, name):
    path = written(tmp_path, archive({"toy/clicks.csv": CSV, name: "evil"}))
    with pytest.raises(
        DownloadError, match=r"^x\.zip: refused, its entry '.*evil\.csv' leads out of it"
    ):
        extract(path, ("toy/clicks.csv",), tmp_path / "files")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.fault(40)
def test_a_link_in_an_archive_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as opened:
        link = zipfile.ZipInfo("toy/clicks.csv")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(
        DownloadError, match=r"^x\.zip: refused, its entry 'toy/clicks\.csv' is a link"
    ):
        extract(path, ("toy/clicks.csv",), tmp_path / "files")


@pytest.mark.fault(40)
def test_an_archive_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path):
    path = written(tmp_path, archive({"toy/clicks.csv": b"0" * 80_000_000}))
    assert path.stat().st_size < 100_000
    with pytest.raises(
        DownloadError, match=r"^x\.zip: refused, it unpacks to 80000000 bytes; at most 67108864"
    ):
        extract(path, ("toy/clicks.csv",), tmp_path / "files")
    assert not (tmp_path / "files").exists()


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"no archive", r"^x\.zip: is not a whole zip archive"),
        (ARCHIVE[:-30], r"^x\.zip: is not a whole zip archive"),
        (ARCHIVE[:40] + b"\0" * 20 + ARCHIVE[60:], r"^x\.zip: is not a whole zip archive"),
        (archive({"toy/other.csv": CSV}), r"^x\.zip: holds no 'toy/clicks\.csv'"),
    ],
)
def test_damaged_archives_are_refused(tmp_path, content, error):
    with pytest.raises(DownloadError, match=error):
        extract(written(tmp_path, content), ("toy/clicks.csv",), tmp_path / "files")
