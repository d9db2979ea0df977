"""What a class has to be before the harness works with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import PluginError
from bench.registry import Registry, load_registry

Write = Callable[..., Path]

HOOK = ("from bench import hookimpl", "@hookimpl")


def load(path: Path) -> Registry:
    return load_registry([path], autoload=False)


def contract_of(write: Write, *body: str, kind: str = "metrics", base: str = "Metric") -> str:
    head = (
        "from bench.interfaces import *",
        "from bench.interfaces import PluginParams",
        "from pydantic import Field",
    )
    hook = (*HOOK, f"def bench_{kind}():", "    return {'mine': f'{__name__}:Mine'}")
    file = write(
        "contract.py", *head, *hook, f"class Mine({base}):", *(f"    {line}" for line in body)
    )
    with pytest.raises(PluginError) as caught:
        load(file).load(kind, "mine")
    assert caught.value.exit_code == 2
    return str(caught.value).partition("breaks the contract: ")[2]


METRIC = ('"""A metric."""', "name = 'mine'; version = 1; higher_is_better = True")
COMPUTE = "def compute(self, y, logits, users): return Score(1.0)"


def test_the_contract_names_the_interface(write: Write) -> None:
    expected = "it is no subclass of bench.interfaces.Model or bench.interfaces.DifferentiableModel"
    assert contract_of(write, *METRIC, COMPUTE, kind="models") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (METRIC, "it does not implement compute"),
        (
            ("name = 'mine'", COMPUTE),
            "it has no docstring; its first line is the summary that people read",
        ),
        (('"""A metric."""', "name = 'mine'", COMPUTE), "it lacks higher_is_better, version"),
        ((*METRIC, "name = 'other'", COMPUTE), "its name is 'other', its hook calls it 'mine'"),
        (
            (*METRIC, COMPUTE, "citation = ['@misc{a}']"),
            "its citation is a list; write BibTeX entries as one text",
        ),
        (
            (*METRIC, COMPUTE, "Params = dict"),
            "its Params is no subclass of bench.interfaces.PluginParams",
        ),
        (
            (
                *METRIC,
                COMPUTE,
                "class Params(PluginParams):",
                "    train: int = Field(1, description='x')",
            ),
            "its Params has 'train', which the harness reads; rename",
        ),
        (
            (*METRIC, COMPUTE, "class Params(PluginParams):", "    depth: int = 1"),
            "its Params describes no 'depth'; give each a Field(..., description=...)",
        ),
    ],
)
def test_a_class_that_breaks_the_contract_is_an_error(
    write: Write, body: tuple[str, ...], expected: str
) -> None:
    assert contract_of(write, *body) == expected


FORMS = (
    "there are: logistic-regression, factorization-machine, field-aware-factorization-machine,"
    " deep-factorization-machine"
)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("fwfm", f"it has the compiled_form 'fwfm'; {FORMS}"),
        (
            "factorisation-machine",
            "it has the compiled_form 'factorisation-machine'; did you mean 'factorization-machine'?"
            f" {FORMS}",
        ),
    ],
)
def test_a_compiled_form_is_one_that_there_is(write: Write, form: str, expected: str) -> None:
    body = (
        '"""A model."""',
        f"name = 'mine'; compiled_form = {form!r}",
        "def build(self, fields): ...",
        "def tables(self): return {'linear': 1}",
        "def forward(self, rows): return rows['linear'].sum((-2, -1))",
    )
    base = "__import__('bench.learn').learn.DifferentiableModel"
    assert contract_of(write, *body, kind="models", base=base) == expected


@pytest.mark.parametrize(
    ("kind", "base", "methods"),
    [
        ("selectors", "Selector", ("fit", "predict")),
        ("models", "Model", ("fit", "predict")),
        (
            "selectors",
            "__import__('bench.learn').learn.DifferentiableSelector",
            ("build", "tables", "forward"),
        ),
    ],
)
def test_what_no_compiled_code_trains_has_no_compiled_form(
    write: Write, kind: str, base: str, methods: tuple[str, ...]
) -> None:
    body = (
        '"""A learner."""',
        "name = 'mine'; compiled_form = 'factorization-machine'",
        *(f"def {method}(self, *of): ..." for method in methods),
    )
    assert contract_of(write, *body, kind=kind, base=base) == (
        "it has a compiled_form, which only a bench.learn.DifferentiableModel may; leave it out"
    )


def test_an_address_of_something_else_than_a_class_breaks_the_contract(write: Write) -> None:
    file = write(
        "function.py", *HOOK, "def bench_models():", "    return {'f': f'{__name__}:bench_models'}"
    )
    with pytest.raises(PluginError, match="the address names a function, not a class"):
        load(file).load("models", "f")


def test_a_protocol_says_which_kind_it_is(write: Write) -> None:
    file = write(
        "mine.py",
        "from bench.interfaces import SplitProtocol",
        *HOOK,
        "def bench_protocols():",
        "    return {'mine': f'{__name__}:Mine'}",
        "class Mine(SplitProtocol):",
        '    """A protocol."""',
        "    name, kind, setting = 'mine', 'holdout', 'warm'",
        "    def split(self, timeline, seed): ...",
    )
    with pytest.raises(
        PluginError, match="its kind is 'holdout'; write 'user-holdout' or 'blocks'"
    ):
        load(file).load("protocols", "mine")


def test_an_executor_is_a_plugin_like_the_others(write: Write) -> None:
    methods = [f"    def {name}(self, *_, **__): ..." for name in ("submit", "events", "close")]
    importing = "from bench.interfaces import Executor"
    hook = (importing, *HOOK, "def bench_executors():", "    return {'mine': f'{__name__}:Mine'}")
    head = ("class Mine(Executor):", '    """Runs steps."""', "    name = 'mine'")
    whole = write("whole.py", *hook, *head, *methods)
    assert load(whole).load("executors", "mine").__name__ == "Mine"
    lacking = write("lacking.py", *hook, *head, *methods[1:])
    with pytest.raises(PluginError, match="it does not implement submit"):
        load(lacking).load("executors", "mine")
    stranger = write("stranger.py", *hook, "class Mine:", *head[1:], *methods)
    with pytest.raises(PluginError, match=r"it is no subclass of bench\.interfaces\.Executor"):
        load(stranger).load("executors", "mine")
