"""Files in and out: bounded reads of regular files, and writes that appear whole or not at all."""

from __future__ import annotations

import errno
import json
import mmap
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkmargin.algebra.encoding import Buffer

from .errors import FileRefused, Misuse, OutputExists

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
MAP_FROM = 16 * MIB
"""Smaller files are read; larger ones are mapped, so that only what is used takes memory."""

SIZE_LIMITS = {
    "secret": 4 * KIB,
    "proof": 16 * KIB,
    "calldata": MIB,
    "settlement request": 64 * KIB,
    "risk attestation": 16 * KIB,
    "source root attestation": 16 * KIB,
    "ledger configuration": 64 * KIB,
    "deployment record": 4 * MIB,
    "keystore": 16 * KIB,
    "password": 4 * KIB,
    "account": MIB,
    "risk table": MIB,
    "risk policy": MIB,
    "credit request": MIB,
    "public inputs": MIB,
    "verifying key": 4 * MIB,
    "profile": 4 * MIB,
    "backtest report": 16 * MIB,
    "price history": 256 * MIB,
    "Python file": 4 * MIB,
    "accounts CSV": GIB,
    "market key": 4 * KIB,
    "market configuration": 256 * KIB,
    "market quotes": MIB,
    "market snapshot": 16 * MIB,
    "option chain": 256 * MIB,
    "market report": 128 * KIB,
    "market reports": 48 * MIB,
    "market document": 256 * MIB,
    "CSV file": 256 * MIB,
    "settlement times": 32 * MIB,
    ".zkw": 256 * MIB,
    ".sym": GIB,
    ".wtns": GIB,
    ".r1cs": 4 * GIB,
    ".zkey": 64 * GIB,
    ".zkmkey": 256 * GIB,
    ".ptau": 512 * GIB,
}
"""Nothing larger than this is opened as one of these."""


def read_file(path: Path, kind: str) -> Buffer:
    """The contents of a regular file within its kind's limit, checked before anything is read."""
    try:
        # Without O_NONBLOCK, opening a FIFO would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except ValueError:
        raise FileRefused(path, "is not a path") from None
    except OSError as problem:
        raise FileRefused(path, _reason(problem)) from None
    try:
        facts = os.fstat(descriptor)
        _check_regular(path, facts.st_mode)
        _check_size(path, facts.st_size, kind)
        if facts.st_size >= MAP_FROM:
            return memoryview(mmap.mmap(descriptor, facts.st_size, access=mmap.ACCESS_READ))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(facts.st_size)
    except OSError as problem:
        raise FileRefused(path, _reason(problem)) from None
    finally:
        os.close(descriptor)


def json_bytes(document: Any) -> bytes:
    """A JSON file as this program writes it."""
    return (json.dumps(document, indent=2) + "\n").encode()


@dataclass(frozen=True)
class NewFile:
    """One output: where, what, and whether only its owner may read it."""

    path: Path
    data: Buffer
    secret: bool = False


def require_free(paths: Iterable[Path], force: bool) -> None:
    """Fail before the work rather than after it: outputs must be writable, distinct, and new unless `force`."""
    seen: set[Path] = set()
    for path in paths:
        real = path.parent.resolve() / path.name
        if real in seen:
            raise Misuse(f"{path} is named for two outputs")
        seen.add(real)
        _require_place(path, force)


def require_new(paths: Iterable[Path]) -> None:
    """The same for a command that never overwrites."""
    try:
        require_free(paths, force=False)
    except OutputExists as problem:
        raise OutputExists(problem.path, forced=False) from None


def write_files(files: Iterable[NewFile], force: bool) -> None:
    """Write all of the files or none: each beside its place first, then moved there; undone if one cannot be."""
    batch = list(files)
    require_free([file.path for file in batch], force)
    undo = _Undo()
    try:
        staged = [(undo.stage(file), file.path) for file in batch]
        for temporary, path in staged:
            undo.publish(temporary, path, force)
    except OSError as problem:
        undo.roll_back()
        raise FileRefused(problem.filename or "output", f"cannot be written: {_reason(problem)}") from None
    except BaseException:
        undo.roll_back()
        raise
    undo.forget()


class _Undo:
    """What has been done so far, so that it can be taken back."""

    def __init__(self) -> None:
        self._temporary: list[Path] = []
        self._published: list[Path] = []
        self._saved: list[tuple[Path, Path]] = []
        self._folders: list[Path] = []

    def stage(self, file: NewFile) -> Path:
        """The contents in a temporary file of the same folder, flushed to the disk."""
        self._make_folder(file.path.parent)
        # As `tempfile` does it, whose import takes longer than the writing of what most commands write. Of the name so
        # much that it fits beside the rest into 255 bytes, whatever its letters take.
        temporary = file.path.parent / f".{file.path.name[:48]}.{os.urandom(8).hex()}.part"
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._temporary.append(temporary)
        with open(descriptor, "wb") as out:
            if not file.secret:
                os.fchmod(descriptor, 0o666 & ~_umask())
            out.write(file.data)
            out.flush()
            os.fsync(descriptor)
        return temporary

    def publish(self, temporary: Path, path: Path, force: bool) -> None:
        if not force:
            _move_new(temporary, path)
        else:
            if path.exists():
                saved = temporary.with_suffix(".old")
                os.rename(path, saved)
                self._saved.append((saved, path))
            os.rename(temporary, path)
        self._temporary.remove(temporary)
        self._published.append(path)

    def roll_back(self) -> None:
        for path in (*self._temporary, *self._published):
            path.unlink(missing_ok=True)
        for saved, path in self._saved:
            os.rename(saved, path)
        for folder in reversed(self._folders):
            folder.rmdir()

    def forget(self) -> None:
        for saved, _ in self._saved:
            saved.unlink(missing_ok=True)

    def _make_folder(self, folder: Path) -> None:
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        for place in reversed(missing):
            place.mkdir()
            self._folders.append(place)


def _move_new(temporary: Path, path: Path) -> None:
    """Move without ever replacing something: a link fails where the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise OutputExists(path) from None
    except OSError:
        # No hard links on this file system: the check and the move are two steps there.
        if os.path.lexists(path):
            raise OutputExists(path) from None
        os.rename(temporary, path)
        return
    temporary.unlink()


def _require_place(path: Path, force: bool) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        parent = next((place for place in path.parents if place.exists()), Path("."))
        if not parent.is_dir() or not os.access(parent, os.W_OK):
            raise FileRefused(path, f"cannot be written: {parent} is not a folder one may write to") from None
        return
    except ValueError:
        raise FileRefused(path, "is not a path") from None
    except OSError as problem:
        raise FileRefused(path, f"cannot be written: {_reason(problem)}") from None
    if not force:
        raise OutputExists(path)
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused(path, "is not a regular file, so it is not overwritten")


def _check_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise FileRefused(path, "is a folder; a file is needed")
    if not stat.S_ISREG(mode):
        raise FileRefused(path, "is not a regular file")


def _check_size(path: Path, size: int, kind: str) -> None:
    if size > SIZE_LIMITS[kind]:
        raise FileRefused(path, f"has {size} bytes; a {kind} has at most {SIZE_LIMITS[kind]}")
    if size == 0:
        raise FileRefused(path, "is empty")


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


def _reason(problem: OSError) -> str:
    known = {errno.ENOENT: "does not exist", errno.ENXIO: "is not a regular file"}
    return known.get(problem.errno or 0, (problem.strerror or type(problem).__name__).lower())
