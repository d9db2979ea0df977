"""Steps of several processes: beside one another, or one alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.storage.floor import Floor


@pytest.fixture
def floors(tmp_path: Path) -> tuple[Floor, Floor, Floor]:
    """Of three processes: each has opened the files for itself, as a process does."""
    return Floor(tmp_path), Floor(tmp_path), Floor(tmp_path)


def test_many_run_beside_one_another(floors: tuple[Floor, Floor, Floor]) -> None:
    assert all(floor.enter(alone=False) for floor in floors)
    assert all(floor.enter(alone=False) for floor in floors), "a second step of each"


def test_who_runs_alone_has_none_beside(floors: tuple[Floor, Floor, Floor]) -> None:
    first, second, third = floors
    assert first.enter(alone=True)
    assert not second.enter(alone=False)
    assert not third.enter(alone=True)
    first.leave()
    assert third.enter(alone=True), "it asked first"
    third.leave()
    assert second.enter(alone=False)


def test_who_waits_to_be_alone_has_its_turn(floors: tuple[Floor, Floor, Floor]) -> None:
    first, second, third = floors
    assert first.enter(alone=False)
    assert not second.enter(alone=True)
    assert not third.enter(alone=False), "it would overtake the one that waits"
    assert not first.enter(alone=False), "another step of who runs would, too"
    first.leave()
    assert second.enter(alone=True)
    second.leave()
    assert third.enter(alone=False)


def test_who_gives_up_its_turn_holds_up_none(floors: tuple[Floor, Floor, Floor]) -> None:
    first, second, third = floors
    assert first.enter(alone=False)
    assert not second.enter(alone=True)
    second.leave()
    assert third.enter(alone=False)


def test_where_no_file_can_be_locked_all_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    floor = Floor(tmp_path / "file" / "below")
    assert floor.enter(alone=False)
    assert floor.enter(alone=True)
    floor.leave()
