"""What a model declares to be: a form that there is not, and tables that are not the form's, are refused in words before
anything is trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.data.views.rows import View
from bench.errors import PluginError
from bench.interfaces import Context, PluginParams
from bench.learn import DifferentiableModel, FittedModel, build_model
from bench.learn.network.declared import declared_form
from bench.settings import TrainSettings
from bench_ctr.fm import FM
from tests.datasets import make_interactions
from tests.learn.parts import Pairwise

LR, FM_FORM, FFM, DEEP = (
    "logistic-regression",
    "factorization-machine",
    "field-aware-factorization-machine",
    "deep-factorization-machine",
)
FIELDS = 5


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=12, items=6, rows_per_user=5, seed=2
    )


def declaring(form, tables, unpooled_fields=()):
    class Declaring(DifferentiableModel):
        name = "declaring"
        compiled_form = form
        unpooled = unpooled_fields

        def build(self, fields): ...

        def tables(self):
            return tables

        def forward(self, rows):
            return torch.stack([rows[table].sum((-2, -1)) for table in tables]).sum(0)

    return Declaring(PluginParams())


def fit(model, interactions, folder):
    rows = View(interactions, np.arange(len(interactions)), interactions.labels())
    fitted = FittedModel(model, TrainSettings(epochs=1))
    fitted.fit(rows, rows, Context(1, 1, "cpu", folder))
    return fitted


CASES = [
    (DEEP, {"linear": 1, "vectors": 4}, "tables() gives linear and vectors"),
    (FM_FORM, {"linear": 1, "vectors": 4}, "tables() gives linear and vectors"),
    (FM_FORM, {"linear": 1}, "tables() gives linear;"),
    (FM_FORM, {"linear": 1, "factors": 4, "more": 2}, "tables() gives linear and factors and more"),
    (FFM, {"weights": 1, "factors": 8}, "tables() gives weights and factors"),
    (LR, {"linear": 1, "factors": 4}, "tables() gives linear and factors"),
    (LR, {"linear": 2}, "its table linear has width 2"),
    (FM_FORM, {"linear": 2, "factors": 4}, "its table linear has width 2"),
    (FFM, {"linear": 2, "factors": 10}, "its table linear has width 2"),
    (DEEP, {"linear": 2, "factors": 4}, "its table linear has width 2"),
    (FM_FORM, {"linear": 1, "factors": 0}, "its table factors has width 0"),
    (FFM, {"linear": 1, "factors": 7}, f"width 7, which is no multiple of the {FIELDS} fields"),
    *((form, {}, "tables() gives none") for form in (LR, FM_FORM, FFM, DEEP)),
]


@pytest.mark.parametrize(("form", "tables", "reason"), CASES)
def test_other_tables_are_refused_in_words(interactions, tmp_path, form, tables, reason):
    assert len(interactions.fields) == FIELDS
    model = declaring(form, tables)
    with pytest.raises(PluginError) as caught:
        fit(model, interactions, tmp_path)
    said = str(caught.value)
    noun = "table linear" if form == LR else "tables linear and factors"
    assert said.startswith(f"Declaring: compiled_form {form!r} has the {noun}, "), said
    assert reason in said
    with pytest.raises(PluginError) as caught:  # in a run it is before the clock starts
        FittedModel(model, TrainSettings()).prepare(interactions.fields)
    assert str(caught.value) == said


def test_unpooled_fields_are_none_of_the_deep_form(interactions, tmp_path):
    model = declaring(DEEP, {"linear": 1, "factors": 4}, (interactions.fields[0].name,))
    with pytest.raises(PluginError, match="but it has the unpooled fields"):
        fit(model, interactions, tmp_path)


@pytest.mark.parametrize(
    ("unpooled", "reason"),
    [
        (("genres",), "unpooled names 'genres', and the data have no such field; there are: user"),
        (("tag",), "unpooled names 'tag', and the data have no such field; did you mean 'tags'?"),
        ("tags", r"unpooled is the text 'tags'; it takes a tuple of fields' names: \('tags',\)"),
    ],
)
def test_a_field_that_the_data_lack_is_told_of_where_the_model_is_built(
    interactions, tmp_path, unpooled, reason
):
    with pytest.raises(PluginError, match=f"^Declaring: {reason}"):
        fit(declaring(None, {"linear": 1}, unpooled), interactions, tmp_path)


def test_a_field_s_name_by_a_parameter(interactions, tmp_path):
    class OfAField(Pairwise):
        def build(self, fields):
            self.unpooled = ("tags",)

        def forward(self, rows):
            vectors, weights = rows.entries("factors", "tags")  # (..., L, D), (..., L)
            return super().forward(rows) + (weights.unsqueeze(-1) * vectors).sum((-2, -1))

    assert fit(OfAField(PluginParams()), interactions, tmp_path).history.epochs == 1


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (
            lambda rows: rows["vectors"],
            "the table 'vectors', and tables\\(\\) gives linear, factors",
        ),
        (lambda rows: rows.entries("vectors", "tags")[0], "the table 'vectors', and tables"),
        (
            lambda rows: rows.entries("factors", "tags")[0],
            "'tags' entry by entry, and unpooled names none",
        ),
    ],
)
def test_what_forward_asks_for_and_does_not_declare_is_told_of_in_the_fit(
    interactions, tmp_path, asked, reason
):
    """Adaptation could not give it: only what is declared is looked up for it."""

    class Asking(Pairwise):
        def forward(self, rows):
            return super().forward(rows) + asked(rows).sum((-2, -1))

    with pytest.raises(PluginError, match=f"^forward asks for .*{reason}"):
        fit(Asking(PluginParams()), interactions, tmp_path)


@pytest.mark.parametrize(
    ("form", "hint"),
    [
        ("factorisation-machine", "did you mean 'factorization-machine'? there are: logistic"),
        ("fwfm", "; there are: logistic-regression, factorization-machine, field-aware-"),
        ("", "; there are: logistic-regression"),
        (3, "the compiled_form 3; there are: logistic-regression"),
    ],
)
def test_a_form_that_there_is_not_is_refused_in_the_fit(interactions, tmp_path, form, hint):
    with pytest.raises(PluginError) as caught:
        fit(declaring(form, {"linear": 1}), interactions, tmp_path)
    assert hint in str(caught.value)


def test_a_form_that_is_set_on_the_model_is_refused_since_nobody_would_see_it(interactions):
    class Late(Pairwise):
        def build(self, fields):
            self.compiled_form = FM_FORM

    network = build_model(Late(PluginParams()), interactions, 0)
    with pytest.raises(PluginError, match="set on the model; write it in the class"):
        declared_form(network.plugin)


def test_a_subclass_may_take_the_form_back():
    class Plain(FM):
        compiled_form = None

    assert declared_form(Plain(FM.Params())) is None
