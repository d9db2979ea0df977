"""Lookups as sparse products against plain indexing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from bench.data.views.rows import View
from bench.interfaces import Field, Fields
from bench.learn import Encoder
from bench.learn.network.lookup import Layout
from bench.learn.network.row_index import RepeatedMap, RowIndex, SparseMap
from tests.datasets import make_interactions


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    interactions = make_interactions(
        tmp_path_factory.mktemp("data"), users=6, items=8, rows_per_user=5, seed=1
    )
    view = View(interactions, np.arange(len(interactions)))
    encoder = Encoder.fit(view)
    return interactions, encoder.layout, encoder.encode(view)


def plain_pooled(table, encoded, layout):
    """Field by field: the sum of weight * row over the field's entries."""
    index, weights = encoded.index.long(), encoded.weights.double()
    weights = torch.cat(
        [torch.ones(len(index), layout.single, dtype=torch.float64), weights], dim=1
    )
    rows = table[index] * weights.unsqueeze(-1)
    return torch.stack([rows[:, layout.span(f.name)].sum(1) for f in layout.fields], dim=1)


@pytest.mark.parametrize("repeated", [False, True])
def test_pooled_rows_are_weighted_sums(encoded, repeated):
    interactions, layout, rows = encoded
    table = torch.randn(interactions.entries, 3, dtype=torch.float64)
    found = RowIndex(
        rows.index, rows.weights, layout, interactions.entries, repeated=repeated
    ).pooled(table)
    torch.testing.assert_close(found, plain_pooled(table, rows, layout), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("repeated", [False, True])
def test_pooled_gradient_is_the_plain_one(encoded, repeated):
    interactions, layout, rows = encoded
    index = RowIndex(rows.index, rows.weights, layout, interactions.entries, repeated=repeated)
    table = torch.randn(interactions.entries, 3, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(index.pooled(table).square().sum(), table)
    (expected,) = torch.autograd.grad(plain_pooled(table, rows, layout).square().sum(), table)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_unpooled_rows_are_the_field_s_own(encoded):
    interactions, layout, rows = encoded
    table = torch.randn(interactions.entries, 2, dtype=torch.float64)
    index = RowIndex(rows.index, rows.weights, layout, interactions.entries)
    for field in layout.fields:
        expected = table[rows.index[:, layout.span(field.name)].long()]
        torch.testing.assert_close(index.of_field(table, field.name), expected)


def test_rows_are_counted_without_padding(encoded):
    interactions, layout, rows = encoded
    expected = np.zeros(interactions.entries, dtype=int)
    for entries, weights in zip(rows.index.tolist(), rows.weights.tolist(), strict=True):
        for position, entry in enumerate(entries):
            if position < layout.single or weights[position - layout.single]:
                expected[entry] += 1
    index = RowIndex(rows.index, rows.weights, layout, interactions.entries)
    np.testing.assert_array_equal(index.times_looked_up(), expected)


@pytest.mark.parametrize("kind", [SparseMap, RepeatedMap])
def test_first_and_second_derivatives(kind):
    mapped = kind(
        4,
        np.array([0, 2, 2, 3], np.int32),
        np.array([0, 1, 3, 3, 4], np.int32),
        np.array([1.0, 0.5, 0.25, 2.0]),
    )
    table = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda t: mapped(t).sin(), table)
    assert gradgradcheck(lambda t: mapped(t).sin(), table)


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_categorical_fields_alone_and_no_rows_at_all(rows):
    fields = Fields(
        [Field("user_id", "categorical", "user"), Field("item_id", "categorical", "item")]
    )
    table = torch.randn(6, 3)
    entries = torch.randint(0, 6, (rows, 2), dtype=torch.int32)
    index = RowIndex(entries, torch.empty(rows, 0), Layout(fields, (0, 1, 2)), 6)
    torch.testing.assert_close(index.pooled(table), table[entries.long()])
    assert index.times_looked_up().sum() == 2 * rows
