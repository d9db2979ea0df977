"""What is measured as tables: of one tree, or of two side by side, of which the first is what was before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import PurePosixPath

from tools.structure.density import Function, densest, measure_functions, mentions, share_commented
from tools.structure.folders import Folder, measure_folders
from tools.structure.layout import ABSENT, Table, beside, change
from tools.structure.sources import Source

__all__ = ["mentions_table", "structure_tables"]

Tree = Mapping[str, Source]  # by path

FOLDER_HEAD = ["folder", "files", "rooms", "arrows", "floors", "circles"]
MENTION_KINDS = ["identifier", "attribute", "keyword", "string"]


def structure_tables(trees: Sequence[Tree]) -> list[Table]:
    """Those with a row."""
    folders = [measure_folders(tree) for tree in trees]
    functions = [measure_functions(tree) for tree in trees]
    names = [_shared_names(tree) for tree in trees]
    totals = [_totals(*measured) for measured in zip(trees, folders, functions, names, strict=True)]
    tables = [
        Table("Folders", FOLDER_HEAD, beside([_folder_cells(each) for each in folders])),
        Table("Circles", ["folder", "rooms"], beside([_circle_cells(each) for each in folders])),
        Table("In all", ["measure", "value"], beside(totals, order=list(totals[-1]))),
        Table(
            "File names used more than once",
            ["name", "files"],
            beside([_counts(each) for each in names]),
        ),
        _densest_table(functions),
    ]
    return [table for table in tables if table.rows]


def mentions_table(trees: Sequence[Tree], key: str) -> Table:
    found = [{path: mentions(source.tree, key) for path, source in tree.items()} for tree in trees]
    cells = [
        {
            path: [str(counts[kind]) for kind in MENTION_KINDS]
            for path, counts in each.items()
            if counts
        }
        for each in found
    ]
    files = change([str(len(each)) for each in cells])
    return Table(f"Mentions of `{key}`, files: {files}", ["file", *MENTION_KINDS], beside(cells))


def _folder_cells(folders: Mapping[str, Folder]) -> dict[str, list[str]]:
    measures = {
        name: [
            folder.files,
            len(folder.rooms),
            len(folder.arrows),
            folder.floors,
            len(folder.circles),
        ]
        for name, folder in folders.items()
    }
    return {name: [str(value) for value in values] for name, values in measures.items()}


def _circle_cells(folders: Mapping[str, Folder]) -> dict[str, list[str]]:
    return {
        name: ["; ".join(", ".join(rooms) for rooms in folder.circles)]
        for name, folder in folders.items()
        if folder.circles
    }


def _totals(
    tree: Tree,
    folders: Mapping[str, Folder],
    functions: Sequence[Function],
    names: Mapping[str, int],
) -> dict[str, list[str]]:
    nodes = sum(function.nodes for function in functions)
    lines = sum(function.lines for function in functions)
    totals = {
        "folders": len(folders),
        "files": len(tree),
        "most rooms of a folder": max(len(folder.rooms) for folder in folders.values()),
        "arrows": sum(len(folder.arrows) for folder in folders.values()),
        "most floors of a folder": max(folder.floors for folder in folders.values()),
        "circles": sum(len(folder.circles) for folder in folders.values()),
        "names used more than once": len(names),
        "functions": len(functions),
        "code lines of functions": lines,
        "nodes of functions": nodes,
        "nodes a line": f"{nodes / max(lines, 1):.2f}",
        "lines with a comment": f"{share_commented(tree.values()):.1%}",
    }
    return {name: [str(value)] for name, value in totals.items()}


def _shared_names(tree: Tree) -> dict[str, int]:
    counts = Counter(PurePosixPath(path).name for path in tree)
    return {name: count for name, count in counts.items() if count > 1 and name != "__init__.py"}


def _counts(counts: Mapping[str, int]) -> dict[str, list[str]]:
    return {name: [str(count)] for name, count in counts.items()}


def _densest_table(functions: Sequence[Sequence[Function]]) -> Table:
    """By rank, since a function is seldom in one place twice."""
    columns = [
        [
            f"{function.nodes_a_line:.2f}  {function.name}  {function.place}"
            for function in densest(each)
        ]
        for each in functions
    ]
    rows = [list(row) for row in zip_longest(*columns, fillvalue=ABSENT)]
    head = ["before", "after"] if len(columns) == 2 else ["nodes a line, name, place"]
    return Table("Densest functions", head, rows)
