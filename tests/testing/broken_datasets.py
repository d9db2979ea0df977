"""Datasets that each break one rule."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.interfaces import Column, Dataset, Field, Source, Tables


def table(seed):
    """60 rows of 12 users, as text."""
    drawn = np.random.default_rng(seed)
    columns = {
        "user": np.repeat(np.arange(12), 5),
        "item": drawn.integers(0, 9, 60),
        "label": np.tile([0, 1, 1, 0, 1], 12),
    }
    return pd.DataFrame({name: values.astype(str) for name, values in columns.items()})


class FineDataset(Dataset):
    """Conforms: made up, no file is needed."""

    name = "fine-dataset"

    def sources(self):
        return (Source("made", "", "", ()),)

    def read(self, source, files):
        columns = {
            "user": Column("user", Field("user", "categorical", "user")),
            "item": Column("item", Field("item", "categorical", "item")),
        }
        return Tables(table(0), columns, label="label")


class Nowhere(FineDataset):
    """Has no source."""

    def sources(self):
        return ()


class Above(FineDataset):
    """Reads above the data folder."""

    def sources(self):
        return (*super().sources(), Source("data", "", "", ("../secret.csv",)))


class Unchecked(FineDataset):
    """Downloads what nobody has hashed."""

    def sources(self):
        return (*super().sources(), Source("web", "https://example.org/a.zip", "todo", ("a.csv",)))


class FileUrl(FineDataset):
    """Downloads from a disk."""

    def sources(self):
        return (*super().sources(), Source("disk", "file:///a.zip", "0" * 64, ("a.csv",)))


class Unlabelled(FineDataset):
    """Names a label that there is not."""

    def read(self, source, files):
        return super().read(source, files)._replace(label="clicked")


class Frame(FineDataset):
    """Hands back a frame."""

    def read(self, source, files):
        return table(0)


class Drawn(FineDataset):
    """Draws rows without a seed."""

    def read(self, source, files):
        return super().read(source, files)._replace(interactions=table(None))


class OfFile(FineDataset):
    """Has a file that may not be there."""

    def sources(self):
        return (Source("", "", "", ("mine.csv",)),)


class WritesFile(OfFile):
    """Mends its file as it reads it."""

    def read(self, source, files):
        with files["mine.csv"].open("a") as file:
            file.write("\n")
        return super().read(source, files)
