"""YAML as data with places; what is refused, where, and after how much work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import SuiteError
from bench.suite.places.yaml_document import MAX_DEPTH, MAX_VALUES, Place, parse
from tests.suite.hostile import HOSTILE


def error_of(content: str | bytes) -> str:
    with pytest.raises(SuiteError) as caught:
        parse(content.encode() if isinstance(content, str) else content, "suite.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def at(line: int, column: int) -> Place:
    return Place("suite.yaml", line, column)


def test_data_with_the_places_of_keys_and_values() -> None:
    document = parse(b"a: 1e-3\nb:\n  - x\n  - {c: 'on'}\n", "suite.yaml")
    assert document.data == {"a": 0.001, "b": ["x", {"c": "on"}]}
    assert document.keys == {("a",): at(1, 1), ("b",): at(2, 1), ("b", 1, "c"): at(4, 6)}
    assert document.values[("a",)] == at(1, 4)
    assert document.values[("b", 1, "c")] == at(4, 9)
    assert document.written == {("a",): "1e-3", ("b", 0): "x"}


def test_columns_count_characters_and_a_byte_order_mark_counts_for_nothing() -> None:
    document = parse("\ufeffé: {ß: ü}\n".encode(), "suite.yaml")
    assert document.values[("é", "ß")] == at(1, 8)


@pytest.mark.fault(36, 37)
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: &x 1\n", "suite.yaml:1:4: anchor &x; remove it, a suite has no anchors"),
        ("a: *x\n", "suite.yaml:1:4: alias *x; write the value out, a suite has no aliases"),
        (
            "a: 1\n<<: {b: 2}\n",
            "suite.yaml:2:1: merge key '<<'; write the keys out, a suite has no merges",
        ),
        (
            "a: !!python/object:os.system x\n",
            "suite.yaml:1:4: tag 'tag:yaml.org,2002:python/object:os.system'; remove it",
        ),
        ("a: ! x\n", "suite.yaml:1:4: tag '!'; remove it"),
        ("%YAML 1.1\n---\na: 1\n", "suite.yaml:1:1: a directive (%); remove it"),
        ("a: 1\n---\nb: 2\n", "suite.yaml:2:1: a second document; a suite is one"),
        ("a: 1\nb: 2\na: 3\n", "suite.yaml:3:1: key 'a' again, first in line 1; remove one"),
        ("{a: 1, a: 2}\n", "suite.yaml:1:8: key 'a' again, first in line 1; remove one"),
        ("? [1]\n: 2\n", "suite.yaml:1:3: a list or mapping as a key; keys are text"),
        ("1.10: x\n", "suite.yaml:1:1: the key 1.10 reads as a number; quote it: '1.10'"),
        ("null: x\n", "suite.yaml:1:1: the key null reads as null; quote it: 'null'"),
        ("True: x\n", "suite.yaml:1:1: the key True reads as true or false; quote it: 'True'"),
        ("a: .inf\n", "suite.yaml:1:4: .inf is not a finite number"),
        ("a:\n\t- 1\n", "suite.yaml:2:1: a tab in the indentation; indent with spaces"),
        ("a: x\n  \t b\n", "suite.yaml:2:3: a tab in the indentation; indent with spaces"),
        ("a: x\x00y\n", "suite.yaml:1:5: control character U+0000; remove it"),
        ("a: \x1b[31m\n", "suite.yaml:1:4: control character U+001B; remove it"),
        (b"a: 1\r\nb: \xff\n", "suite.yaml:2:4: byte 0xff is not UTF-8; save the file as UTF-8"),
        ("a: 1".encode("utf-16"), "suite.yaml:1:1: byte 0xff is not UTF-8"),
        ("a: [1, 2\nb: 3", "suite.yaml:2:2: not YAML: "),
        (
            "a: b: c\n",
            "suite.yaml:1:5: not YAML: mapping values are not allowed in this context; check indentation",
        ),
        ("- " * 60 + "x", "suite.yaml:1:101: nested deeper than 50 levels; flatten it"),
    ],
)
def test_what_reads_two_ways_or_needs_more_than_a_suite_is_refused(
    content: str | bytes, expected: str
) -> None:
    assert error_of(content).startswith(expected)


@pytest.mark.fault(37)
def test_a_quoted_key_is_text_whatever_it_looks_like() -> None:
    assert parse(b"'1.10': a\n'null': b\n'<<': c\n", "suite.yaml").data == {
        "1.10": "a",
        "null": "b",
        "<<": "c",
    }


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    ("name", "expected", "events"),
    [
        ("aliases", "1:5: anchor &a0; ", 5),
        ("10 MB", "1:1: more than 1,000,000 bytes; ", 0),
        ("5000 levels", "1:", MAX_DEPTH + 3),
        ("many values", "1:40000: more than 20000 values; ", MAX_VALUES + 3),
        ("many keys", "20000:12: more than 20000 values; ", 2 * MAX_VALUES + 3),
        ("complex keys", "1:3: a list or mapping as a key; ", 4),
        ("directives", "1:2: not YAML: ", 1),
        ("escapes", "1:990005: not YAML: ", 4),
        ("digits", "1:4: a number of 990000 characters; ", 5),
    ],
)
def test_a_hostile_file_is_refused_before_it_costs(
    name: str, expected: str, events: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts the parser's events that are read; what else a file costs, benchmarks/test_command_speed.py measures."""
    read = 0
    events_of = yaml.parse

    def counted(*arguments: Any, **options: Any) -> Iterator[yaml.Event]:
        nonlocal read
        for event in events_of(*arguments, **options):
            read += 1
            yield event

    monkeypatch.setattr("bench.suite.places.yaml_document.yaml.parse", counted)
    assert error_of(HOSTILE[name]).startswith(f"suite.yaml:{expected}")
    assert read <= events


@pytest.mark.fault(36)
@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_with_a_place(content: bytes) -> None:
    try:
        json.dumps(parse(content, "suite.yaml").data, allow_nan=False)
    except SuiteError as caught:
        error = caught
    else:
        return
    assert error.line >= 1
    assert error.column >= 1


trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab :#-", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=50)
@given(trees)
def test_what_json_writes_is_read_back_and_every_value_has_a_place(data: object) -> None:
    document = parse(json.dumps(data).encode(), "suite.yaml")
    assert document.data == data

    def walk(value: object, path: tuple[str | int, ...]) -> None:
        assert path in document.values
        items = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else ()
        )
        for key, item in items:
            walk(item, (*path, key))

    walk(data, ())


def test_libyaml_and_pyyaml_give_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    content = "a: {b: [1, x, 'é']}\nc: |\n  text\n".encode()
    fast = parse(content, "suite.yaml")
    monkeypatch.setattr("bench.suite.places.yaml_document._Loader", yaml.BaseLoader)
    assert parse(content, "suite.yaml") == fast
