"""A ledger's folder, read by a program that embeds the ledger: whole, absent, malformed, too large."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkmargin.algebra import EncodingError, Engine
from zkmargin.settlement.errors import DocumentError
from zkmargin.settlement.ledger_folder import (
    CONFIG_NAME,
    KEY_NAME,
    MAX_CONFIG_BYTES,
    MAX_KEY_BYTES,
    LedgerFolder,
)

from ..examples.venue import Venue


@pytest.fixture
def venue(tmp_path: Path, best_engine: Engine) -> Venue:
    return Venue(tmp_path / "ledger", best_engine)


def test_the_folder_opens_its_own_database(venue: Venue) -> None:
    folder = LedgerFolder.read(venue.folder)
    assert folder.document.config == venue.config
    assert folder.key == venue.world.trapdoor.key
    with folder.open() as ledger:
        assert ledger.accept(venue.request(1)).number == 1
    assert folder.database.exists()


def test_or_the_one_it_is_told(venue: Venue, tmp_path: Path) -> None:
    with LedgerFolder.read(venue.folder).open(tmp_path / "elsewhere.sqlite") as ledger:
        assert ledger.receipts() == []
    assert (tmp_path / "elsewhere.sqlite").exists()


@pytest.mark.parametrize("name", [CONFIG_NAME, KEY_NAME])
def test_a_file_that_is_absent_is_named(venue: Venue, name: str) -> None:
    (venue.folder / name).unlink()
    with pytest.raises(DocumentError, match=name):
        LedgerFolder.read(venue.folder)


@pytest.mark.parametrize("name", [CONFIG_NAME, KEY_NAME])
def test_a_malformed_file_is_an_encoding_error(venue: Venue, name: str) -> None:
    (venue.folder / name).write_bytes(b"[]")
    with pytest.raises(EncodingError):
        LedgerFolder.read(venue.folder)


@pytest.mark.parametrize(("name", "limit"), [(CONFIG_NAME, MAX_CONFIG_BYTES), (KEY_NAME, MAX_KEY_BYTES)])
def test_a_file_over_its_limit_is_refused_unread(venue: Venue, name: str, limit: int) -> None:
    with (venue.folder / name).open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(DocumentError, match=f"larger than {limit} bytes"):
        LedgerFolder.read(venue.folder)
