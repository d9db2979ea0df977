"""What an installation compiles: every form that the harness knows, so that a first run need not."""

from __future__ import annotations

from typing import get_args

from bench.learn.network.declared import declared_form
from bench.learn.network.plugins import CompiledForm
from bench.worker.compile_all import FIELDS, MODELS


def test_every_known_form_is_compiled_and_a_strangers_lookups():
    forms = {declared_form(model(4)) for model in MODELS}
    assert forms == {*get_args(CompiledForm), None}


def test_its_models_are_built_as_their_forms_say():
    for model in MODELS:
        built = model(4)
        built.build(FIELDS)
        assert dict(built.tables())["linear"] == 1
