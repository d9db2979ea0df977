"""What the first bytes of a file say of it, and which byte of it its encoding lacks."""

from __future__ import annotations

import codecs
from pathlib import Path

from bench.errors import DataError

__all__ = ["codec_of", "undecodable"]

_MARKS = (  # longest first: the mark of UTF-16-LE begins that of UTF-32-LE
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER = (
    (b"\x1f\x8b", "is compressed (gzip); unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd); unpack it"),
    (b"BZh", "is compressed (bzip2); unpack it"),
    (b"\xfd7zXZ", "is compressed (xz); unpack it"),
    (b"PK\x03\x04", "is a zip archive or a spreadsheet; unpack it, or save it as CSV"),
    (b"PAR1", "is a Parquet file; let its name end in .parquet"),
)


def codec_of(path: Path, encoding: str) -> str:
    """The codec that reads a text file and takes its byte-order mark for no character. DataError where the first bytes say
    that the file is in another encoding, or no text."""
    with path.open("rb") as file:
        head = file.read(8)
    for magic, what in _OTHER:
        if head.startswith(magic):
            raise DataError(what, file=path.name)
    family = (
        codecs.lookup(encoding).name.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    )
    for mark, marked in _MARKS:
        if head.startswith(mark):
            if family != marked:
                raise DataError(
                    f"starts with the byte-order mark of {marked} and is read as {encoding}; "
                    f"set `encoding: {marked}`",
                    file=path.name,
                )
            return "utf-8-sig" if marked == "utf-8" else marked
    return encoding


def undecodable(path: Path, encoding: str) -> DataError:
    content = path.read_bytes()
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start} (0x{content[error.start]:02x}) is not {encoding}"
        said = f"{what}; set `encoding`, e.g. latin-1"
        return DataError(said, file=path.name, line=line)
    return DataError(f"is not {encoding}; set `encoding`", file=path.name)
