"""Measures how the project's code is divided and how dense it is. Run it from the repository root.

    python -m tools.structure                   the working tree
    python -m tools.structure --revision REV    a revision, read out of git; nothing is checked out
    python -m tools.structure --against REV     REV, as what was before, and the working tree side by side
    python -m tools.structure --key NAME        which files mention a key of a method

It reads the .py files below bench/ and plugins/. A cell `3 → 5` was 3 before and is 5 after, `– → 5` had no row before, and
a cell with one value has not changed.

Folders: each folder that holds a .py file at any depth.
  files    .py files directly in the folder.
  rooms    what a newcomer sees there: its .py files but __init__.py, and its sub-folders that hold a .py file at any depth.
  arrows   distinct pairs of a room that imports and a room that is imported. Every import statement counts, those inside
           functions and under TYPE_CHECKING too. It leads from its file to the file that it names: `from a import b` to
           module a.b if there is one, else to the file of a. It is an arrow in one folder only, the deepest that holds both
           files, and in none if either file is the __init__.py of that folder. Modules named in strings are not seen.
  floors   rooms in the longest chain of arrows. A room that imports no other room is on floor 1, any other one floor above
           the highest that it imports. The rooms of a circle share one floor.
  circles  groups of two or more rooms, each of which reaches every other along arrows (strongly connected components). The
           table of circles, printed if there are any, names their rooms.

In all:
  names used more than once    file names other than __init__.py that two or more files have; a table of its own lists them.
  functions                    functions and methods with a body beside the docstring. A function inside a function is part
                               of the outer one's body, and none of its own.
  code lines of functions      lines of those bodies with code on them: not blank, not a comment alone, not a docstring.
  nodes of functions           nodes of those bodies' syntax trees, as `ast.walk` finds them, docstrings left out.
  nodes a line                 nodes of functions, divided by their code lines.
  lines with a comment         share of lines with a comment, alone or after code, in all lines with code or a comment.
  densest functions            the ten of at least 8 code lines with the most nodes a line.

Mentions of a key: how often its name is an identifier (of a variable, argument, function, class or import), an attribute, a
keyword of a call, or a string constant that is the name and nothing else. Docstrings and comments do not count."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tools.structure.layout import as_markdown, as_text
from tools.structure.sources import parse_all, read_revision, read_working_tree
from tools.structure.tables import mentions_table, structure_tables


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.structure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--revision", metavar="REV", help="measure a revision instead of the working tree"
    )
    parser.add_argument(
        "--against", metavar="REV", help="show a second revision beside it, as what was before"
    )
    parser.add_argument(
        "--key", metavar="NAME", action="append", help="show mentions of a key alone; repeatable"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables in Markdown")
    given = parser.parse_args(arguments)
    before = [read_revision(given.against)] if given.against else []
    after = read_revision(given.revision) if given.revision else read_working_tree()
    trees = [parse_all(texts) for texts in [*before, after]]
    tables = (
        [mentions_table(trees, key) for key in given.key] if given.key else structure_tables(trees)
    )
    print("\n\n".join(map(as_markdown if given.markdown else as_text, tables)))


if __name__ == "__main__":
    main()
