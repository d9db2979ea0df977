"""What is a BibTeX entry, and what is said of what is none."""

from __future__ import annotations

import pytest

from bench.bibtex import entries

ONE = (
    "@article{holm1979,\n  author = {Holm, Sture},\n  title = {A {S}imple \\'e},\n  year = 1979,\n}"
)


def test_an_entry_is_taken_apart_and_kept_as_it_was_written():
    (entry,) = entries(f"\n  {ONE}\n")
    assert (entry.key, entry.text) == ("holm1979", ONE)
    assert entry.fields == {"author": "Holm, Sture", "title": "A {S}imple \\'e", "year": "1979"}


def test_several_entries_and_other_ways_to_write_one():
    text = '@Misc { Koren:2008 , AUTHOR="Koren, {\\"a} Y.", title = {Factors, = @},year={2008}}'
    first, second = entries(ONE + text)
    assert second.key == "Koren:2008"
    assert second.fields == {"author": 'Koren, {\\"a} Y.', "title": "Factors, = @", "year": "2008"}
    assert first.text + second.text == ONE + text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it holds no entry"),
        ("Holm 1979", "no entry starts at 'Holm 1979'"),
        (f"{ONE} and more", "no entry starts at 'and more'"),
        ("@article{, author = {A}, title = {T}, year = 1}", "no entry starts at"),
        ("@article{two words, author = {A}}", "no entry starts at"),
        (ONE.replace("  year = 1979,\n", ""), "holm1979: it has no year"),
        (ONE.replace("Holm, Sture", " "), "holm1979: it has no author"),
        (ONE.replace("title =", "note ="), "holm1979: it has no title"),
        (ONE.replace("Sture}", "Sture"), "holm1979: it does not end behind"),
        (ONE.replace("Sture},", "Sture, {"), "holm1979: author does not end"),
        (ONE.replace("A {S}", "A {S}}"), "holm1979: it does not end behind"),
        (ONE.replace("= 1979,", "= MCMLXXIX,"), "holm1979: year is neither a number nor in braces"),
        (ONE.removesuffix("}"), "holm1979: it does not end behind"),
        (ONE.replace("},\n  title", "}\n  title"), "holm1979: it does not end behind"),
        (ONE.replace("  year", "  title = {B},\n  year"), "holm1979: title is there twice"),
        (f"{ONE}\n{ONE.replace('holm', 'Holm')}", "Holm1979: two entries have this key"),
        ("@string{a = {b}}", "no entry starts at"),
        ("@comment{a, author = {A}, title = {T}, year = 1}", "@comment is no entry"),
        (ONE.replace("Holm,", "Holm\x1b,"), "it holds '\\x1b'"),
        (ONE.replace("Holm,", "Holm\u2028,"), "it holds '\\u2028'"),
        (ONE.replace("Holm,", "Holm\u202e,"), "it holds '\\u202e'"),
        (ONE.replace("Holm,", "\\input{x}"), "it holds '\\\\input'"),
        (ONE.replace("Holm,", "\\write18{x}"), "it holds '\\\\write18'"),
        (ONE.replace("Holm,", "^^5cinput"), "it holds '^^'"),
    ],
)  # fmt: skip
def test_what_is_no_entry_is_told(text, said):
    with pytest.raises(ValueError) as error:
        entries(text)
    assert said in str(error.value)
