"""Markdown tables: text to the left, figures to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    texts = [[_text(cell) for cell in row] for row in rows]
    numeric = [any(row[i] for row in texts) and all(_is_figure(row[i]) for row in texts) for i in range(len(header))]
    lines = [header, ["---:" if right else "---" for right in numeric], *texts]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return str(cell)


def _is_figure(text: str) -> bool:
    return not text or text[0].isdigit()
