"""The book's benchmark runs at a tiny size and writes every figure; no time is judged."""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.book import main


def test_every_figure_is_written(tmp_path: Path) -> None:
    main(["--accounts", "200", "--shape", "small", "--out", str(tmp_path)])
    with (tmp_path / "book-small.csv").open(newline="") as file:
        rows = {row["figure"]: row for row in csv.DictReader(file)}
    assert len(rows) == 12
    assert all(float(row["value"]) > 0 for row in rows.values())
    assert {row["unit"] for row in rows.values()} == {"s", "ms", "MB"}
    assert "200 accounts of shape small" in (tmp_path / "book-small.md").read_text()
