"""What the kernels read: where a user's leaves lie, and the rows of a chunk's users. Nothing here imports numba.

A user's leaves are two flat arrays. *Dense* ones (P,): weights (outputs, inputs) and biases. *Tables* (T,): the rows that the
user touches, first those of the pool (R, W), W the widths of all its tables side by side, then the selector's (R', D)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["FIELD_AWARE", "NO_PAIRS", "PAIRS", "Bags", "Program", "Rows", "TableRates"]

Array = np.ndarray[Any, Any]
NO_PAIRS, PAIRS, FIELD_AWARE = 0, 1, 2


class Program(NamedTuple):
    """A selector over K base models, M of them adapted too: K, or 0 where base logits are given.

    A perceptron is a run of layers; a ReLU follows each but the last. Each model has one, which may be empty, and the selector
    has the last. Its level 0 is the inputs: a model's factors, all fields end to end; the selector's vectors, then the base
    logits."""

    fields: int  # F
    models: int  # K
    pool_width: int  # W
    selector_width: int  # D
    # (M, 5) int64 of each model: its column of linear weights, its first column of factors, how many a field meets another
    # by, how fields meet (NO_PAIRS, PAIRS, FIELD_AWARE), where its bias is among dense leaves
    terms: Array
    # (L, 4) int64 of each layer: inputs, outputs, where its weight starts among dense leaves and where its bias (-1: none)
    layers: Array
    spans: Array  # (M + 1, 2) int64 of each perceptron: its first layer, and the one after its last
    starts: Array  # (M + 2,) int64: floats a row of the levels of the perceptrons before it


class Bags(NamedTuple):
    """Of n rows of F fields: bag i, of row i // F and field i % F, is the sum of weight * table row over
    [starts[i], starts[i + 1])."""

    starts: Array  # (n * F + 1,) int64
    entries: Array  # int64: rows of all users' tables end to end, (U * R, width)
    weights: Array  # float


class Rows(NamedTuple):
    """Support or query of U users, n rows in all: user u's are [pointer[u], pointer[u + 1])."""

    pointer: Array  # (U + 1,) int64
    pool: Bags  # of no rows where base logits are given
    selector: Bags
    pool_rows: int  # R
    selector_rows: int  # R'
    labels: Array  # (n,) float of 0 and 1
    base_logits: Array  # (n, K) where they are given, else (0, 0)


class TableRates(NamedTuple):
    """Of table rows by field, with one field more of rate 0, for rows that stay; of no fields where tables stay."""

    pool: Array  # ((F + 1) * W,)
    selector: Array  # ((F + 1) * D,)
    pool_fields: Array  # (U, R) int64 of the users' own rows
    selector_fields: Array  # (U, R') int64
