"""Native key files: a proving key with its tables, written once and mapped in milliseconds ever after.

`docs/formats-keys.md` has the layout. The points are checked when the file is made, not when it is opened: a file that
was damaged or altered since yields proofs that do not verify, and such a proof never leaves the prover.
"""

from __future__ import annotations

import errno
import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from zkmargin.algebra import Buffer, Engine, get_engine
from zkmargin.algebra.errors import EngineUnavailable

from .memory import table_memory

if TYPE_CHECKING:
    from zkmargin.algebra.native import NativeEngine

    from .proving_key import ProvingKey

MAGIC = b"zkmk"


def is_native_key(beginning: Buffer) -> bool:
    """Does a file that begins so claim to be a native key?"""
    return bytes(memoryview(beginning)[:4]) == MAGIC


def write_native_key(
    key: ProvingKey,
    path: str | PathLike[str],
    engine: Engine | None = None,
    *,
    memory: int | None = None,
    replace: bool = False,
) -> None:
    """Make the key's tables, of at most `memory` bytes with the points, and write them as a file that nobody writes to.

    The key's points must have been checked, those of the G2 query singly (`read_zkey(..., check="full")`): the file
    vouches for them. It appears whole or not at all, readable by all whom the umask lets read and writable by none;
    what is already there stays, and is a `FileExistsError`, unless `replace`.
    """
    import tempfile  # brings much, which those who open a key start faster without

    native, place = native_engine(engine), Path(path)
    bound = table_memory(memory, key.domain_size)
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name[:48]}.", suffix=".part", dir=place.parent)
    try:
        os.close(descriptor)
        native.write_native_key(key, bound, name)
        os.chmod(name, 0o444 & ~_umask())
        if replace:
            os.replace(name, place)
        else:
            _move_new(name, place)
    except OSError as problem:
        Path(name).unlink(missing_ok=True)
        # The caller knows the place, and not the name beside it.
        problem.filename, problem.filename2 = os.fspath(place), None
        raise
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def verify_native_key(path: str | PathLike[str], engine: Engine | None = None) -> None:
    """Raise `EncodingError` unless the file is whole and every section matches its checksum.

    That tells damage, not forgery: whoever can write to the file can write its checksums too.
    """
    native_engine(engine).verify_native_key(os.fspath(path))


def native_engine(engine: Engine | None = None) -> NativeEngine:
    """The engine that has native keys, or an `EngineUnavailable` that says so."""
    engine = engine or get_engine()
    if engine.name == "native":
        from zkmargin.algebra.native import NativeEngine

        if isinstance(engine, NativeEngine):
            return engine
    raise EngineUnavailable("native", "only it has native key files; the reference engine takes a .zkey")


def _move_new(name: str, place: Path) -> None:
    """Move without ever replacing something: a link fails where the name is taken."""
    try:
        os.link(name, place)
    except FileExistsError:
        raise
    except OSError:
        # No hard links on this file system: the check and the move are two steps there.
        if os.path.lexists(place):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(name, place)
        return
    os.unlink(name)


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
