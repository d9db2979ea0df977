"""What the first bytes of a file say of it, which byte of it its encoding lacks, and characters that are no text."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from bench.errors import DataError

__all__ = ["HALF", "check_encoding", "codec_of", "undecodable"]

HALF = re.compile(r"[\ud800-\udfff]")  # of a character: a surrogate alone, which UTF-8 can't write
# codecs of names of hosts and of Python's literals
_NO_FILES = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}

_MARKS = (  # longest first: the mark of UTF-16-LE begins that of UTF-32-LE
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER = (
    (b"\x1f\x8b", "is compressed twice (gzip); unpack it once"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd); unpack it"),
    (b"BZh", "is compressed (bzip2); unpack it"),
    (b"\xfd7zXZ", "is compressed (xz); unpack it"),
    (b"PK\x03\x04", "holds a zip archive or a spreadsheet in it; unpack it, or save it as CSV"),
    (b"PAR1", "is a Parquet file; let its name end in .parquet"),
    (b'{"', "looks like JSON lines; let its name end in .jsonl"),
)


def check_encoding(file: str, encoding: str) -> None:
    """DataError unless it is one of text files."""
    try:
        "".encode(encoding)
        name = codecs.lookup(encoding).name.replace("_", "-")
    except (LookupError, ValueError):
        name = "undefined"
    if name in _NO_FILES:
        what = f"{encoding!r} is no encoding of text files"
        raise DataError(f"{what}; set `encoding`, e.g. utf-8, latin-1, cp1252, utf-16", file=file)


def codec_of(file: str, head: bytes, encoding: str) -> str:
    """The codec that reads a text file and takes its byte-order mark for no character. `head`: its first bytes. DataError
    where these say that the file is in another encoding, or no text."""
    for magic, what in _OTHER:
        if head.startswith(magic):
            raise DataError(what, file=file)
    family = (
        codecs.lookup(encoding).name.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    )
    for mark, marked in _MARKS:
        if head.startswith(mark):
            if family != marked:
                raise DataError(
                    f"starts with the byte-order mark of {marked} and is read as {encoding}; "
                    f"set `encoding: {marked}`",
                    file=file,
                )
            return "utf-8-sig" if marked == "utf-8" else marked
    return encoding


def undecodable(file: str, stream: BinaryIO, encoding: str) -> DataError:
    content = stream.read()
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start} (0x{content[error.start]:02x}) is not {encoding}"
        said = f"{what}; set `encoding`, e.g. latin-1"
        return DataError(said, file=file, line=line)
    return DataError(f"is not {encoding}; set `encoding`", file=file)
