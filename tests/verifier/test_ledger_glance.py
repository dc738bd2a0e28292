"""A glance into a ledger's file: right beside a writer, refused for other files, and it changes nothing."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from zkmargin.verifier import (
    DamagedDatabase,
    ForeignDatabase,
    LedgerError,
    MarginLedger,
    SchemaTooNew,
    SchemaTooOld,
)
from zkmargin.verifier.ledger.glance import glance, is_ledger_file

from .world import CONFIG, UNIT, World


@pytest.fixture
def written(world: World, path: Path) -> MarginLedger:
    ledger = world.open(path)
    ledger.accept_many([world.request(number, credit=number) for number in (1, 2, 3)])
    return ledger


def test_what_it_says_while_the_ledger_is_open(written: MarginLedger, path: Path) -> None:
    found = glance(path)
    assert found.target == CONFIG.target
    assert found.head == written.head()
    assert (found.receipts, found.accounts, found.outstanding_e8) == (3, 3, 6 * UNIT)


def test_nothing_is_changed(written: MarginLedger, path: Path) -> None:
    written.close()
    before = path.read_bytes()
    glance(path)
    assert path.read_bytes() == before
    assert is_ledger_file(before[:100])


def test_other_files_are_none(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE ledger (target BLOB)")
    connection.commit()
    connection.close()
    assert not is_ledger_file(other.read_bytes()[:100])
    assert not is_ledger_file(b"")
    with pytest.raises(ForeignDatabase):
        glance(other)
    with pytest.raises(LedgerError):
        glance(tmp_path / "absent.sqlite")
    assert not (tmp_path / "absent.sqlite").exists()


@pytest.mark.parametrize(("change", "error"), [(1, SchemaTooNew), (-1, SchemaTooOld)])
def test_other_schemas_are_refused_by_name(
    written: MarginLedger, path: Path, change: int, error: type[LedgerError]
) -> None:
    written.close()
    connection = sqlite3.connect(path, isolation_level=None)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version = {version + change}")
    connection.close()
    with pytest.raises(error):
        glance(path)


def test_a_file_without_its_target_is_damaged(written: MarginLedger, path: Path) -> None:
    written.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DROP TRIGGER ledger_no_delete")
    connection.execute("DELETE FROM ledger")
    connection.close()
    with pytest.raises(DamagedDatabase, match="names no target"):
        glance(path)


def test_damage_of_any_kind_is_a_typed_error(written: MarginLedger, path: Path) -> None:
    written.close()
    whole, chance = path.read_bytes(), random.Random(3)
    for _ in range(150):
        torn = bytearray(whole)
        for _ in range(chance.choice((1, 20, 400))):
            torn[chance.randrange(len(torn))] = chance.randrange(256)
        path.write_bytes(torn[: chance.choice((len(torn), chance.randrange(len(torn))))])
        try:
            glance(path)
        except LedgerError:
            continue
