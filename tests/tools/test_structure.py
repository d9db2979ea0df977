"""What `tools.structure` measures, on trees small enough to count by hand."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from tools.structure.__main__ import main
from tools.structure.density import densest, measure_functions, mentions, share_commented
from tools.structure.folders import measure_folders
from tools.structure.layout import Table, as_markdown, as_text, beside
from tools.structure.sources import parse_all, read_revision, read_working_tree

SHOP = {
    "bench/__init__.py": "",
    "bench/errors.py": "",
    "bench/data/__init__.py": "from bench.data.tables import read\n",
    "bench/data/views.py": "from bench.data import tables\nfrom ..errors import missing\n",
    "bench/data/tables/__init__.py": "from .read import read\n",
    "bench/data/tables/read.py": "import bench.errors\nimport bench.errors as again\nfrom . import text\n",
    "bench/data/tables/text.py": "import numpy\nfrom bench_ctr import fm\n",
    "bench/run/plan.py": "from ..data.tables.read import read\nfrom bench.run.text import line\n",
    "bench/run/text.py": "def line():\n    from bench.run.words import word\n",
    "bench/run/words.py": "from .plan import plan\nfrom bench.run import last\n",
    "bench/run/last.py": "",
    "bench/run/first.py": "from bench.run.plan import plan\n",
    "plugins/bench_ctr/__init__.py": "from bench.data import views\nimport bench_ctr.fm\n",
    "plugins/bench_ctr/fm.py": "import bench_own.rule\n",
    "plugins/bench_own/rule.py": "from bench import errors\n",
}


def sources(**texts):
    return parse_all({f"bench/{name}.py": dedent(text) for name, text in texts.items()})


def function(body):
    (found,) = measure_functions(sources(only=body))
    return found


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A repository whose working tree is SHOP, as the current folder."""
    write(tmp_path, SHOP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, texts):
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def git(*words):
    author = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *words], check=True, capture_output=True)


def commit():
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "one")


# -- folders


@pytest.mark.parametrize(
    ("folder", "files", "rooms", "arrows", "floors"),
    [
        # views and tables read errors, run reads data's tables
        ("bench", 2, {"errors.py", "data", "run"}, {("data", "errors.py"), ("run", "data")}, 3),
        ("bench/data", 2, {"views.py", "tables"}, {("views.py", "tables")}, 2),
        ("bench/data/tables", 3, {"read.py", "text.py"}, {("read.py", "text.py")}, 2),
        ("plugins", 0, {"bench_ctr", "bench_own"}, {("bench_ctr", "bench_own")}, 2),
        ("plugins/bench_ctr", 2, {"fm.py"}, set(), 1),
        ("plugins/bench_own", 1, {"rule.py"}, set(), 1),
    ],
)
def test_a_folder_has_these_rooms_and_arrows(folder, files, rooms, arrows, floors):
    found = measure_folders(parse_all(SHOP))[folder]
    assert (found.files, found.rooms, found.arrows, found.floors) == (files, rooms, arrows, floors)
    assert found.circles == []


def test_rooms_of_a_circle_share_a_floor():
    folder = measure_folders(parse_all(SHOP))["bench/run"]
    assert folder.arrows == {
        ("first.py", "plan.py"),
        ("plan.py", "text.py"),
        ("text.py", "words.py"),
        ("words.py", "plan.py"),
        ("words.py", "last.py"),
    }
    assert folder.circles == [["plan.py", "text.py", "words.py"]]
    assert folder.floors == 3  # last, the circle, first


def test_two_circles_are_two_even_where_one_leads_to_the_other():
    found = sources(
        a="import bench.b",
        b="import bench.a, bench.c",
        c="import bench.d",
        d="import bench.c",
        e="import bench.e",
    )
    assert measure_folders(found)["bench"].circles == [["a.py", "b.py"], ["c.py", "d.py"]]
    assert measure_folders(found)["bench"].floors == 2


def test_every_folder_on_the_way_to_a_file_is_measured():
    assert list(measure_folders(parse_all({"bench/deep/down/file.py": ""}))) == [
        "bench",
        "bench/deep",
        "bench/deep/down",
    ]


def test_imports_under_type_checking_and_of_everything_count():
    found = sources(
        a="if TYPE_CHECKING:\n    from bench.b import *", b="from bench_elsewhere import c", c=""
    )
    assert measure_folders(found)["bench"].arrows == {("a.py", "b.py")}


# -- density


def test_nodes_and_lines_are_those_of_the_body():
    found = function(
        '''
        def add(a, b=3):
            """Words
            that nobody counts."""

            # why
            total = a  # and why

            return (
                total
            )
        '''
    )
    # Assign, Name, Store, Name, Load; Return, Name, Load
    assert (found.name, found.place, found.nodes, found.lines) == ("add", "bench/only.py:2", 8, 4)
    assert found.nodes_a_line == 2.0


def test_a_function_inside_belongs_to_the_outer_one_and_its_docstring_to_none():
    found = function(
        '''
        class Shop:
            class Till:
                async def ring(self):
                    @cached
                    def inner():
                        """No line of code."""
                        return 1
        '''
    )
    # FunctionDef, arguments, Return, Constant, Name, Load
    assert (found.name, found.nodes, found.lines) == ("Shop.Till.ring", 6, 3)


def test_blank_lines_of_a_string_are_no_lines_of_code():
    assert function('def f():\n    return """a\n\n    # b\n    c"""\n').lines == 3
    assert function('def f():\n    return f"""a\n\n    {b}\n    c"""\n').lines == 3


def test_what_has_a_docstring_alone_is_no_function_to_read():
    assert measure_functions(sources(only='def f():\n    "words"\n')) == []
    assert function("def f(): ...").lines == 1


def test_the_densest_are_long_and_come_in_order():
    def lines(name, count, line):
        return f"def {name}():\n" + f"    {line}\n" * count

    found = measure_functions(
        sources(
            a=lines("thin", 8, "pass") + lines("thick", 8, "a = 1") + lines("short", 7, "a = b = c")
        )
    )
    assert [(each.name, each.nodes_a_line) for each in densest(found)] == [
        ("thick", 4.0),
        ("thin", 1.0),
    ]
    assert [each.name for each in densest(found, count=1, least_lines=1)] == ["short"]


def test_comments_are_counted_by_the_line():
    found = sources(a='"""Words."""\n\n# one\nx = 1  # two\ny = "# none"\n', b="z = 1\n")
    assert share_commented(found.values()) == 0.5  # of four lines


# -- mentions


def test_mentions_are_told_apart_by_kind():
    (source,) = sources(
        a='''
        """rows"""
        from bench.b import rows as all_rows
        def rows(rows: int):
            """rows"""
            global rows
            many_rows = rows  # rows
            self.rows = f(rows=1)
            return "rows", "of rows", f"{x}rows"
        '''
    ).values()
    assert mentions(source.tree, "rows") == {
        "identifier": 5,
        "attribute": 1,
        "keyword": 1,
        "string": 2,
    }
    assert mentions(source.tree, "columns") == {}


# -- trees and tables


def test_a_revision_is_read_without_a_check_out(shop):
    commit()
    (shop / "bench/errors.py").unlink()
    (shop / "bench/é.py").write_text("x = 'é'\n", "utf-8")
    assert read_revision("HEAD") == SHOP
    assert read_working_tree() == {
        name: SHOP[name] for name in SHOP if name != "bench/errors.py"
    } | {"bench/é.py": "x = 'é'\n"}


def test_before_and_after_stand_side_by_side(shop, capsys):
    commit()
    write(
        shop, {"bench/run/words.py": "", "bench/new/text.py": "def long():\n" + "    a = 1\n" * 8}
    )
    main(["--against", "HEAD"])
    rows = [re.split(" {2,}", line) for line in capsys.readouterr().out.splitlines()]
    for row in [
        ["bench", "2", "3 → 4", "2", "3", "0"],
        ["bench/new", "– → 1", "– → 1", "– → 0", "– → 1", "– → 0"],
        ["bench/run", "5", "5", "5 → 3", "3 → 4", "1 → 0"],
        ["bench/run", "plan.py, text.py, words.py → –"],
        ["files", "15 → 16"],
        ["circles", "1 → 0"],
        ["code lines of functions", "1 → 9"],
        [
            "nodes a line",
            "2.00 → 3.78",
        ],  # ImportFrom and alias; 8 of Assign, Name, Store and Constant beside them
        ["text.py", "2 → 3"],
        ["–", "4.00", "long", "bench/new/text.py:1"],
    ]:
        assert row in rows


def test_mentions_of_two_revisions(shop, capsys):
    commit()
    write(shop, {"bench/run/plan.py": "x = plan.missing\n"})
    main(["--revision", "HEAD", "--key", "missing", "--key", "plan", "--markdown"])
    assert capsys.readouterr().out == dedent(
        """\
        ## Mentions of `missing`, files: 1

        | file | identifier | attribute | keyword | string |
        | --- | --- | --- | --- | --- |
        | bench/data/views.py | 1 | 0 | 0 | 0 |

        ## Mentions of `plan`, files: 2

        | file | identifier | attribute | keyword | string |
        | --- | --- | --- | --- | --- |
        | bench/run/first.py | 1 | 0 | 0 | 0 |
        | bench/run/words.py | 2 | 0 | 0 | 0 |
        """
    )
    main(["--against", "HEAD", "--key", "missing"])
    assert (
        "bench/run/plan.py    – → 0       – → 1      – → 0    – → 0"
        in capsys.readouterr().out.splitlines()
    )


def test_a_table_is_printed_either_way():
    table = Table("Shops", ["name", "n"], beside([{"b": ["1"]}, {"a": ["2"], "b": ["1"]}]))
    assert as_text(table) == "Shops\nname  n\na     – → 2\nb     1"
    assert as_markdown(table) == "## Shops\n\n| name | n |\n| --- | --- |\n| a | – → 2 |\n| b | 1 |"


def test_what_cannot_be_read_is_said_in_a_line(shop, tmp_path, monkeypatch):
    git("init", "--quiet")
    with pytest.raises(SystemExit, match="revision nowhere: fatal: not a valid object name"):
        main(["--against", "nowhere"])
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(
        SystemExit, match=r"no \.py file below bench or plugins: run this from the repository root"
    ):
        main([])


def test_help_defines_every_measure(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for measure in (
        "files",
        "rooms",
        "arrows",
        "floors",
        "circles",
        "nodes a line",
        "lines with a comment",
    ):
        assert f"\n  {measure}  " in shown


def test_the_project_itself_is_measured(monkeypatch, capsys):
    root = Path(__file__).resolve().parents[2]
    monkeypatch.chdir(root)
    main([])
    files = [*root.glob("bench/**/*.py"), *root.glob("plugins/**/*.py")]
    assert ["files", str(len(files))] in [
        line.split() for line in capsys.readouterr().out.splitlines()
    ]
