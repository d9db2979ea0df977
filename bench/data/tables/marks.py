"""What the first bytes of a file say of it, and which byte of it its encoding lacks."""

from __future__ import annotations

import codecs
from typing import BinaryIO

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
    (b"\x1f\x8b", "is compressed twice (gzip); unpack it once"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd); unpack it"),
    (b"BZh", "is compressed (bzip2); unpack it"),
    (b"\xfd7zXZ", "is compressed (xz); unpack it"),
    (b"PK\x03\x04", "holds a zip archive or a spreadsheet in it; unpack it, or save it as CSV"),
    (b"PAR1", "is a Parquet file; let its name end in .parquet"),
    (b'{"', "looks like JSON lines; let its name end in .jsonl"),
)


def codec_of(file: str, head: bytes, encoding: str) -> str:
    """The codec that reads a text file and takes its byte-order mark for no character. `head`: its first bytes. DataError
    where these say that the file is in another encoding, or no text."""
    for magic, what in _OTHER:
        if head.startswith(magic):
            raise DataError(f"{file}: {what}")
    family = (
        codecs.lookup(encoding).name.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    )
    for mark, marked in _MARKS:
        if head.startswith(mark):
            if family != marked:
                raise DataError(
                    f"{file}: starts with the byte-order mark of {marked} and is read as {encoding}; "
                    f"set `encoding: {marked}`"
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
        return DataError(f"{file}:{line}: {what}; set `encoding`, e.g. latin-1")
    return DataError(f"{file}: is not {encoding}; set `encoding`")
