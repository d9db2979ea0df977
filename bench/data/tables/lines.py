"""A file of text, opened: unpacked where it is packed, its codec known, and its undecodable bytes told with their line."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bench.data.tables.marks import check_encoding, codec_of, undecodable
from bench.data.tables.packed import opened
from bench.errors import DataError

__all__ = ["OpenedText", "opened_text"]


class OpenedText(NamedTuple):
    file: BinaryIO
    codec: str

    def lines(self) -> io.TextIOWrapper:
        """With their ends, as they stand; to be closed."""
        return io.TextIOWrapper(self.file, self.codec, newline="")


@contextmanager
def opened_text(
    path: Path, encoding: str, ratio: int, *, is_json: bool = False
) -> Iterator[OpenedText]:
    """An OSError or UnicodeError inside is the file's: DataError."""
    check_encoding(path.name, encoding)
    try:
        with opened(path, ratio) as file:
            head = file.read(8)
        codec = (
            encoding if is_json and head.startswith(b'{"') else codec_of(path.name, head, encoding)
        )
        with opened(path, ratio) as file:
            yield OpenedText(file, codec)
    except UnicodeError as error:
        with opened(path, ratio) as file:
            raise undecodable(path.name, file, encoding) from error
    except OSError as error:
        raise DataError(error.strerror or str(error), file=str(path)) from error
