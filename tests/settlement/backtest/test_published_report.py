"""docs/backtest: the page says what the report says, and the pictures are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkmargin.settlement.backtest.report import Report
from zkmargin.settlement.backtest.report_document import report_from_json, report_to_csv
from zkmargin.settlement.backtest.report_tables import markdown_tables

FOLDER = Path(__file__).parents[3] / "docs/backtest"


@pytest.fixture(scope="module")
def published() -> Report:
    return report_from_json((FOLDER / "report.json").read_bytes())


def test_every_table_of_the_page_is_the_reports(published: Report) -> None:
    page = (FOLDER / "README.md").read_text()
    for name, table in markdown_tables(published).items():
        assert table in page, name


def test_the_page_says_what_was_rejected(published: Report) -> None:
    assert published.rejected() == ("hedged-short-gamma at 30 min",)
    assert published.setup.seeds == tuple(range(1, 9))
    page = (FOLDER / "README.md").read_text()
    assert f"{published.exact.evaluations:,} margins" in page
    assert f"{published.exact.largest_difference_e18 / 1e18:.1e}".replace("e-0", "e-") in page


def test_the_table_and_the_pictures_belong_to_it(published: Report) -> None:
    assert (FOLDER / "report.csv").read_text() == report_to_csv(published)
    page = (FOLDER / "README.md").read_text()
    pictures = sorted(path.name for path in FOLDER.glob("*.svg"))
    assert len(pictures) == 6
    for name in pictures:
        assert f"({name})" in page
        assert (FOLDER / name).stat().st_size < 150_000
