"""Downloads: a URL or a package index, a required sha256, and an archive opened with suspicion."""

from __future__ import annotations

import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import pooch

from bench.data.prepared.cache import file_digest
from bench.data.prepared.locate import public
from bench.errors import DownloadError
from bench.interfaces import Source
from bench.storage.in_use import touch
from bench.storage.temporary import temporary_folder

__all__ = ["archive_name", "extract", "fetch"]

CONNECT_TIMEOUT = 10.0  # seconds; a machine that can't reach a site should hear of it soon
PIP = "pip://"  # scheme of a wheel: pip://NAME==VERSION
_PIP_LIMIT = 300.0  # seconds
_PLAIN_SIZE = 64 * 2**20  # an archive may unpack to this many bytes, or to
_RATIO = 20  # so many times its own size


def archive_name(source: Source) -> str:
    """Under what name a download is kept and recorded."""
    if source.url.startswith(PIP):
        return source.url.removeprefix(PIP).replace("==", "-") + ".whl"
    return PurePosixPath(public(source.url)).name


def fetch(source: Source, folder: Path) -> Path:
    """The source's archive in `folder`, downloaded unless it is there with the right hash. DownloadError with the reason."""
    path = folder / f"{source.sha256[:16]}-{archive_name(source)}"
    touch(path)  # its time is that of its last use
    if path.is_file() and file_digest(path) == source.sha256:
        return path
    with temporary_folder(path) as part:
        arrived = (
            _from_package_index(source, part)
            if source.url.startswith(PIP)
            else _from_url(source, part)
        )
        arrived.replace(path)
    return path


def extract(archive: Path, members: Sequence[str], folder: Path) -> Mapping[str, Path]:
    """Unzip `members` below `folder`. DownloadError for a damaged archive, one with links or names that lead out of it, one
    that lacks a member or unpacks to far more than it weighs."""
    try:
        with zipfile.ZipFile(archive) as opened:
            _check_entries(archive, opened.infolist())
            _check_members(archive, [_entry(archive, opened, member) for member in members])
            for member in members:
                opened.extract(member, folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise DownloadError(f"{archive.name}: is not a whole zip archive ({error})") from error
    return {member: folder / member for member in members}


def _from_url(source: Source, part: Path) -> Path:
    # here, since few runs download anything and all would pay for the import
    import requests

    pooch.get_logger().setLevel("WARNING")  # the harness reports on its own
    downloader = pooch.HTTPDownloader(timeout=CONNECT_TIMEOUT)
    where = public(source.url)
    try:
        return Path(
            pooch.retrieve(
                source.url, f"sha256:{source.sha256}", "archive", part, downloader=downloader
            )
        )
    except (requests.ConnectionError, requests.Timeout) as error:
        raise DownloadError(f"{where} can't be reached ({_reason(error)})") from error
    except requests.RequestException as error:
        raise DownloadError(f"{where} can't be read ({_reason(error)})") from error
    except ValueError as error:
        what = f"is truncated or another file: its sha256 is not {source.sha256}"
        raise DownloadError(f"{where} {what}") from error


def _from_package_index(source: Source, part: Path) -> Path:
    requirement = source.url.removeprefix(PIP)
    _pip_download(requirement, part)
    wheels = list(part.glob("*.whl"))
    if len(wheels) != 1:
        raise DownloadError(f"pip brought {len(wheels)} wheels for {requirement}")
    found = file_digest(wheels[0])
    if found != source.sha256:
        raise DownloadError(
            f"the wheel {wheels[0].name} is another file: its sha256 is {found}, not {source.sha256}"
        )
    return wheels[0]


def _pip_download(requirement: str, folder: Path) -> None:
    # Wheels alone: pip would run the setup of a source distribution. The package is neither installed nor imported.
    options = [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-input",
        "--disable-pip-version-check",
        "--quiet",
    ]
    limits = ["--timeout", str(CONNECT_TIMEOUT), "--retries", "1"]
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        *options,
        *limits,
        "--dest",
        str(folder),
        requirement,
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PIP_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DownloadError(f"pip did not bring {requirement} within {_PIP_LIMIT:g} s") from error
    if done.returncode:
        lines = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.strip()]
        raise DownloadError(
            f"pip can't bring {requirement} ({lines[-1] if lines else 'no reason given'})"
        )


def _reason(error: BaseException) -> str:
    """The innermost cause, in one line: requests nests three exceptions around a refused connection."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if status >= 400:
        return f"HTTP status {status}"
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _check_entries(archive: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in entry.filename:
            raise DownloadError(
                f"{archive.name}: refused, its entry {entry.filename!r} leads out of it"
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DownloadError(f"{archive.name}: refused, its entry {entry.filename!r} is a link")


def _entry(archive: Path, opened: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    try:
        return opened.getinfo(member)
    except KeyError as error:
        raise DownloadError(f"{archive.name}: holds no {member!r}") from error


def _check_members(archive: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    # zipfile reads no more of an entry than its header says, so that the headers bound what is written.
    size, limit = (
        sum(entry.file_size for entry in entries),
        max(_PLAIN_SIZE, _RATIO * archive.stat().st_size),
    )
    if size > limit:
        raise DownloadError(
            f"{archive.name}: refused, it unpacks to {size} bytes; at most {limit} are allowed"
        )
