"""Pictures of `proving.csv`: how the time of a proof grows, and ours as a share of each peer's.

Light, without frames, readable at a README's width; the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .results import OURS, Row

COLOURS = {
    "zkmargin": "#0b6e4f",
    "gnark": "#c1440e",
    "arkworks": "#5b5ea6",
    "rapidsnark": "#b8860b",
    "snarkjs": "#8c8c8c",
    "zksnake": "#c48bb5",
}
INK, GRID = "#333333", "#dddddd"
STYLE: Any = {
    "svg.hashsalt": "zkmargin",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
TITLES = {"chain": "Poseidon chain (full-size wires)", "bits": "range checks (mostly bits)"}


def draw(table: Sequence[Row], out: Path) -> None:
    """`proving-growth.svg` and `proving-ratios.svg`, where matplotlib is installed and there is something to draw."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        print("without pictures: matplotlib is not installed")
        return
    with matplotlib.rc_context(STYLE):
        for name, drawn in (("growth", _growth(table, Figure)), ("ratios", _ratios(table, Figure))):
            if drawn is not None:
                drawn.savefig(
                    out / f"proving-{name}.svg", metadata={"Date": None}, bbox_inches="tight", facecolor="white"
                )


def _growth(table: Sequence[Row], figure: Any) -> Any:
    """Warm time over constraints, both on logarithmic scales; a side without warm proofs is drawn cold, and says so."""
    proofs = [row for row in table if row.median_s and row.what in ("warm", "cold")]
    kinds = [kind for kind in TITLES if any(row.family == kind for row in proofs)]
    if not kinds:
        return None
    drawn = figure(figsize=(8.2, 3.6), layout="constrained")
    panels = drawn.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        here = [row for row in proofs if row.family == kind]
        for side, colour in COLOURS.items():
            what = "warm" if any(row.side == side and row.what == "warm" for row in here) else "cold"
            points = sorted((row.constraints, row.median_s) for row in here if (row.side, row.what) == (side, what))
            if points:
                label = side if what == "warm" else f"{side} (whole process)"
                width = 2.4 if side == OURS else 1.3
                axes.plot(*zip(*points, strict=True), marker="o", ms=3.5, lw=width, color=colour, label=label)
        axes.set(xscale="log", yscale="log", title=TITLES[kind], xlabel="constraints")
        powers = sorted({(row.constraints - 1).bit_length() for row in here})
        axes.set_xticks([2**power for power in powers], [f"$2^{{{power}}}$" for power in powers])
        axes.yaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
        axes.grid(color=GRID, lw=0.6)
    panels[0].set_ylabel("seconds for a proof")
    _legend(drawn)
    return drawn


def _ratios(table: Sequence[Row], figure: Any) -> Any:
    """Bars of our time over the peer's, warm on the left, cold on the right; short of the line is faster than it."""
    kinds = ("warm", "cold")
    peers = ("gnark", "arkworks", "rapidsnark")
    found = {(row.what, row.circuit, row.side): row for row in table if row.ratio is not None}
    circuits = list(
        dict.fromkeys(row.circuit for row in table if any((k, row.circuit, "gnark") in found for k in kinds))
    )
    if not circuits:
        return None
    drawn = figure(figsize=(8.2, 0.9 + 0.42 * len(circuits)), layout="constrained")
    for axes, kind in zip(drawn.subplots(1, 2, sharey=True), kinds, strict=True):
        shown = [peer for peer in peers if any((kind, circuit, peer) in found for circuit in circuits)]
        height = 0.8 / max(1, len(shown))
        for place, peer in enumerate(shown):
            for line, circuit in enumerate(circuits):
                row = found.get((kind, circuit, peer))
                if row is None or row.ratio is None:
                    continue
                y = line + (place - (len(shown) - 1) / 2) * height
                axes.barh(y, row.ratio, height * 0.9, color=COLOURS[peer], label=peer if line == 0 else None)
                axes.text(row.ratio + 0.015, y, f"{row.ratio:.2f}", va="center", fontsize=7)
        axes.axvline(1, color=INK, lw=0.8)
        axes.set_yticks(range(len(circuits)), circuits)
        axes.set(title=f"our time / the peer's, {kind}", xlim=(0, None))
        axes.grid(axis="x", color=GRID, lw=0.6)
        axes.set_axisbelow(True)
    drawn.axes[0].invert_yaxis()
    _legend(drawn)
    return drawn


def _legend(drawn: Any) -> None:
    """One for all panels, below them."""
    handles: dict[str, Any] = {}
    for axes in drawn.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    drawn.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False)
