"""Bounded reads, and outputs that appear whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from zkmargin.cli import files
from zkmargin.cli.errors import FileRefused, Misuse, OutputExists
from zkmargin.cli.files import NewFile, read_file, require_free, write_files


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_of_the_limit_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    path.write_bytes(b"x" * files.SIZE_LIMITS["proof"])
    assert len(read_file(path, "proof")) == files.SIZE_LIMITS["proof"]
    path.write_bytes(b"x" * (files.SIZE_LIMITS["proof"] + 1))
    with pytest.raises(FileRefused, match="at most 16384"):
        read_file(path, "proof")


def test_a_huge_sparse_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "key.zkey"
    with path.open("wb") as file:
        file.truncate(files.SIZE_LIMITS[".zkey"] + 1)
    with pytest.raises(FileRefused, match=r"a \.zkey has at most"):
        read_file(path, ".zkey")


def test_a_large_file_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "key.zkey"
    with path.open("wb") as file:
        file.truncate(files.MAP_FROM)
    data = read_file(path, ".zkey")
    assert isinstance(data, memoryview)
    assert data.nbytes == files.MAP_FROM


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "folder"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, make: object) -> None:
    path = tmp_path / "input"
    make(path)  # type: ignore[operator]
    with pytest.raises(FileRefused):
        read_file(path, "proof")


def test_a_device_is_refused() -> None:
    with pytest.raises(FileRefused, match="not a regular file"):
        read_file(Path("/dev/zero"), "proof")


@pytest.mark.parametrize("name", ["absent", "nul\0byte", "x" * 5000])
def test_impossible_paths_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefused):
        read_file(tmp_path / name, "proof")
    with pytest.raises(FileRefused) if name != "absent" else pytest.raises(OutputExists):
        if name == "absent":
            (tmp_path / name).touch()
        write_files([NewFile(tmp_path / name, b"x")], force=False)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(FileRefused, match="empty"):
        read_file(tmp_path / "empty", "proof")


def test_outputs_are_written_into_new_folders(tmp_path: Path) -> None:
    write_files([NewFile(tmp_path / "a/b/one", b"1"), NewFile(tmp_path / "a/two", b"2")], force=False)
    assert (tmp_path / "a/b/one").read_bytes() == b"1"
    assert names(tmp_path / "a") == ["b", "two"]


def test_a_name_may_be_as_long_as_the_file_system_lets_it_be(tmp_path: Path) -> None:
    for name in ("n" * 255, "\N{LOCK}" * 63):
        for force in (False, True):
            write_files([NewFile(tmp_path / name, b"proof")], force=force)
        assert names(tmp_path) == [name]
        (tmp_path / name).unlink()


def test_secrets_are_for_their_owner_and_other_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_files([NewFile(tmp_path / "s", b"1", secret=True), NewFile(tmp_path / "o", b"2")], force=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "o").stat().st_mode) == 0o644


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    (tmp_path / "two").write_bytes(b"old")
    with pytest.raises(OutputExists):
        write_files([NewFile(tmp_path / "one", b"1"), NewFile(tmp_path / "two", b"2")], force=False)
    assert names(tmp_path) == ["two"]
    write_files([NewFile(tmp_path / "one", b"1"), NewFile(tmp_path / "two", b"2")], force=True)
    assert (tmp_path / "two").read_bytes() == b"2"
    assert names(tmp_path) == ["one", "two"]


def test_a_dangling_link_counts_as_there(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputExists):
        require_free([tmp_path / "out"], force=False)
    with pytest.raises(FileRefused, match="not a regular file"):
        require_free([tmp_path / "out"], force=True)


def test_a_file_that_appears_in_between_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out"
    monkeypatch.setattr(files, "require_free", lambda paths, force: path.write_bytes(b"theirs"))
    with pytest.raises(OutputExists):
        write_files([NewFile(path, b"ours")], force=False)
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("failing", [1, 2])
def test_a_failure_on_the_way_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool, failing: int
) -> None:
    folder = tmp_path / "new"
    if force:
        folder.mkdir()
        (folder / "one").write_bytes(b"old")
    publish, calls = files._Undo.publish, []

    def failing_publish(self: files._Undo, temporary: Path, path: Path, force: bool) -> None:
        calls.append(path)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        publish(self, temporary, path, force)

    monkeypatch.setattr(files._Undo, "publish", failing_publish)
    with pytest.raises(FileRefused, match="no space left"):
        write_files([NewFile(folder / "one", b"1"), NewFile(folder / "two", b"2")], force)
    if force:
        assert names(folder) == ["one"]
        assert (folder / "one").read_bytes() == b"old"
    else:
        assert names(tmp_path) == []


def test_an_interrupt_on_the_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: files._Undo, temporary: Path, path: Path, force: bool) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files._Undo, "publish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_files([NewFile(tmp_path / "one", b"1")], force=False)
    assert names(tmp_path) == []


def test_the_same_output_twice_is_misuse(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="two outputs"):
        require_free([tmp_path / "a", tmp_path / "." / "a"], force=True)


def test_an_output_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileRefused, match="cannot be written"):
        require_free([tmp_path / "file" / "out"], force=False)


def test_without_hard_links_outputs_still_appear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    write_files([NewFile(tmp_path / "one", b"1")], force=False)
    assert names(tmp_path) == ["one"]
