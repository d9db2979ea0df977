"""A dataset plugin that breaks its contract is named with what it gave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from bench.data import prepare
from bench.errors import PluginError
from bench.interfaces import Column, Dataset, Field, PluginParams, Source, Tables

TABLE = pd.DataFrame({"u": ["a", "b"], "i": ["x", "y"], "y": ["0", "1"]})
COLUMNS = {
    "u": Column("user", Field("u", "categorical", "user")),
    "i": Column("item", Field("i", "categorical", "item")),
    "y": Column("label"),
}
GOOD = Tables(TABLE, COLUMNS, label="y")


def prepared(tmp_path: Path, read=lambda: GOOD, sources=lambda: (Source("", "", "", ()),)):
    class Given(Dataset):
        """Gives what it is told to."""

        name = "given"

        def sources(self):
            return sources()

        def read(self, source, files):
            return read()

    return prepare(Given(PluginParams()), data_dir=tmp_path, cache=tmp_path / "cache")


def column(**changes):
    return GOOD._replace(columns={**COLUMNS, "u": COLUMNS["u"]._replace(**changes)})


def field(**changes):
    return column(field=replace(Field("u", "categorical", "user"), **changes))


def test_what_keeps_the_contract_is_read(tmp_path):
    assert len(prepared(tmp_path).users) == 2


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: {}["absent"], "read raised KeyError: 'absent'"),
        (lambda: exit(3), "read raised SystemExit: 3"),
        (lambda: TABLE, "read gave DataFrame; give bench.interfaces.Tables"),
        (lambda: None, "read gave NoneType; give bench.interfaces.Tables"),
        (lambda: GOOD._replace(interactions=[1]), "interactions that are list"),
        (lambda: GOOD._replace(items=3), "items that are int"),
        (lambda: GOOD._replace(label=None), "label that is NoneType; give text"),
        (lambda: GOOD._replace(columns=["u"]), "columns that are list"),
        (lambda: GOOD._replace(columns={"u": "user"}), "str for column 'u'"),
        (lambda: column(role="users"), "the role 'users' for column 'u'; a role is user, item"),
        (lambda: column(field="u"), "str as field of column 'u'"),
        (lambda: field(kind="number"), "a field of kind 'number' for column 'u'; a kind is"),
        (lambda: field(side="users"), "a field of side 'users' for column 'u'; a side is user"),
    ],
)
def test_a_wrong_reader_is_named(tmp_path, read, said):
    with pytest.raises(PluginError) as raised:
        prepared(tmp_path, read=read)
    assert str(raised.value).startswith("dataset 'given': read ")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (lambda: Source("", "", "", ()), "sources gave Source; give a tuple of Sources"),
        (lambda: "here", "sources gave str; give a tuple of Sources"),
        (lambda: ("here",), "sources gave str among its Sources"),
        (lambda: (Source("", "", "", "x.csv"),), "members of a Source are the text 'x.csv'"),
        (lambda: 1 / 0, "sources raised ZeroDivisionError: division by zero"),
    ],
)
def test_wrong_sources_are_named(tmp_path, sources, said):
    with pytest.raises(PluginError) as raised:
        prepared(tmp_path, sources=sources)
    assert str(raised.value).startswith(f"dataset 'given': {said}")
