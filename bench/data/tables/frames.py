"""What was read of a file as a frame: Arrow's columns, and an index that numbers lines or rows of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bench.interfaces import Scan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_frame"]


def as_frame(scan: Scan) -> pd.DataFrame:
    """All rows of a file."""
    import pandas as pd  # here, since steps on prepared data do without

    batches = list(scan.batches())
    if batches:
        columns = dict(zip(scan.columns, pa.Table.from_batches(batches).columns, strict=True))
    else:
        columns = {name: pa.chunked_array([], pa.large_string()) for name in scan.columns}
    places = scan.places(sum(map(len, batches)))
    index = pd.Index(places if isinstance(places, range) else np.asarray(places), name=scan.unit)
    frame = pd.DataFrame(
        {name: pd.arrays.ArrowExtensionArray(cells) for name, cells in columns.items()},
        index=index,
    )
    frame.attrs["file"] = scan.file
    frame.attrs["columns"] = list(scan.header)
    return frame
