"""What was read of a file as a frame: Arrow's columns, and an index that numbers lines or rows of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bench.interfaces import Scan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_frame", "frame_of"]


def as_frame(scan: Scan) -> pd.DataFrame:
    """All rows of a file."""
    batches = list(scan.batches())
    if batches:
        columns = dict(zip(scan.columns, pa.Table.from_batches(batches).columns, strict=True))
    else:
        columns = {name: pa.chunked_array([], pa.large_string()) for name in scan.columns}
    rows = sum(map(len, batches))
    return frame_of(scan.file, scan.header, columns, scan.unit, scan.places(rows))


def frame_of(
    file: str,
    header: Sequence[str],
    columns: Mapping[str, pa.ChunkedArray],
    unit: str,
    places: Sequence[int],
) -> pd.DataFrame:
    """`header`: all columns of the file; `unit` and `places`: the index."""
    import pandas as pd  # here, since steps on prepared data do without

    index = pd.Index(places if isinstance(places, range) else np.asarray(places), name=unit)
    frame = pd.DataFrame(
        {name: pd.arrays.ArrowExtensionArray(cells) for name, cells in columns.items()},
        index=index,
    )
    frame.attrs["file"] = file
    frame.attrs["columns"] = list(header)
    return frame
