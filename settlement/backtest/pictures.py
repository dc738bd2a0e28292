"""Pictures of a report as SVG: the same bytes from the same report and the same matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from zkmargin.algebra.extras import require

from .report import HorizonResult, PortfolioResult, Report, Timeline

E8, PPM, MINUTE_MS, HOUR_MS = 1e8, 1e6, 60_000, 3_600_000
STYLE = {
    "svg.hashsalt": "zkmargin",
    "svg.fonttype": "path",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}
COLOURS = {
    "delta_gamma": "#d55e00",
    "scenario": "#56b4e9",
    "larger": "#0072b2",
    "statement": "#000000",
    "account": "#009e73",
}
METHOD_NAMES = {
    "delta_gamma": "delta-gamma alone",
    "scenario": "scenarios alone",
    "larger": "the larger of both",
    "statement": "with charges: the statement",
    "account": "the account, with its collateral",
}
LINES = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")


def draw(report: Report) -> dict[str, bytes]:
    """The pictures by file name."""
    matplotlib = require("matplotlib", "plots")
    figures: dict[str, Callable[[Any, Report], None]] = {
        "coverage.svg": _coverage,
        "exceedances.svg": _exceedances,
        "latency.svg": _latency,
        "capital.svg": _capital,
        "gaps.svg": _gaps,
        "calibration.svg": _calibration,
    }
    with matplotlib.rc_context(STYLE):
        return {name: _svg(painter, report) for name, painter in figures.items()}


def _svg(painter: Callable[[Any, Report], None], report: Report) -> bytes:
    figure = require("matplotlib.figure", "plots").Figure(figsize=(8, 4.2))
    painter(figure, report)
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _coverage(figure: Any, report: Report) -> None:
    """Rate of exceedances of each portfolio under each margin, beside the rate asked for."""
    figure.set_size_inches(8, 5.2)
    axes, main = figure.subplots(), report.horizons[0]
    floor = 0.3 / max(result.trials for result in main.portfolios)
    for method, colour in COLOURS.items():
        for place, result in enumerate(main.portfolios):
            judged = result.account if method == "account" else result.method(method)
            rate = judged.exceedances / result.trials
            label = METHOD_NAMES[method] if place == 0 else None
            shape = "o" if method in ("statement", "account") else "D"
            height = -place + 0.13 * (2 - list(COLOURS).index(method))
            axes.plot(max(rate, floor), height, shape, color=colour, label=label, ms=4)
    asked = 1 - report.setup.coverage_ppm / PPM
    axes.axvline(asked, color="#888888", lw=1, ls="--")
    axes.text(asked, 0.7, f" asked: {100 * asked:g} %", color="#555555", va="bottom")
    axes.set_xscale("log")
    axes.set_yticks([-place for place in range(len(main.portfolios))], [p.title for p in main.portfolios])
    axes.set_ylim(-len(main.portfolios) + 0.4, 1.3)
    axes.set_xlabel("share of horizons with a loss above the margin")
    axes.grid(axis="y", color="#eeeeee")
    figure.legend(loc="outside upper left", ncols=3, fontsize=8)


def _exceedances(figure: Any, report: Report) -> None:
    """Margin and worst loss of each day, and where the loss was larger; below, how exceedances add up."""
    count = len(report.timelines)
    figure.set_size_inches(8, 2.3 * (count + 1))
    axes = figure.subplots(count + 1, 1, sharex=True)
    for place, line in enumerate(report.timelines):
        _timeline(axes[place], line)
    last = axes[-1]
    for place, line in enumerate(report.timelines):
        total, running = 0, []
        for found in line.exceedances:
            total += found
            running.append(total)
        last.step(_days(line), running, where="post", color=LINES[place + 1], label=line.title)
    asked = 1 - report.setup.coverage_ppm / PPM
    days, per_day = _days(report.timelines[0]), 24 * HOUR_MS / report.horizons[0].horizon_ms
    last.plot([days[0], days[-1]], [0, asked * per_day * len(days)], color="#888888", ls="--", lw=1, label="asked for")
    last.set_title("exceedances so far")
    last.legend(loc="upper left", fontsize=8)


def _timeline(axes: Any, line: Timeline) -> None:
    days = _days(line)
    margin, worst = _percent(line.margin_ppm), _percent(line.worst_loss_ppm)
    axes.plot(days, margin, color="#000000", lw=1, label="margin, mean of the day")
    axes.vlines(days, 0, worst, color="#9ecae1", lw=1.5, label="worst loss of the day")
    hits = [(day, loss) for day, loss, found in zip(days, worst, line.exceedances, strict=True) if found]
    if hits:
        axes.plot(*zip(*hits, strict=True), "o", color="#d55e00", ms=4, label="a loss exceeded its margin")
    axes.set_title(f"{line.title}: per cent of notional")
    axes.set_ylim(0, 1.25 * max(*margin, *worst))
    axes.legend(loc="upper right", fontsize=8, ncols=3)


def _latency(figure: Any, report: Report) -> None:
    """Average margin over the horizon; dashed, a constant margin that covers the longest one."""
    axes, horizons = figure.subplots(), _by_length(report)
    names = ("long-perp", "short-strangle", "hedged-short-gamma", "covered-call", "mixed")
    minutes = [horizon.horizon_ms / MINUTE_MS for horizon in horizons]
    for colour, name in zip(LINES, names, strict=False):
        results = [_find(horizon, name) for horizon in horizons]
        if any(result is None for result in results):
            continue
        found = [result for result in results if result is not None]
        shares = [100 * r.method("statement").average_e8 / r.average_notional_e8 for r in found]
        axes.plot(minutes, shares, "o-", color=colour, ms=4, lw=1.2, label=found[0].title)
        if name in ("long-perp", "short-strangle"):
            wide = [100 * r.one_table_average_e8 / r.average_notional_e8 for r in found]
            label = f"{found[0].title}, one table for all horizons"
            axes.plot(minutes, wide, "x:", color=colour, ms=5, lw=1.2, label=label)
        if name == "long-perp":
            constant = 100 * found[-1].static_average_e8 / found[-1].average_notional_e8
            label = "long perpetual, constant for the longest horizon"
            axes.axhline(constant, color=colour, ls="--", lw=1, label=label)
    axes.set(xscale="log", yscale="log", xlabel="horizon: latency of the settlement, minutes")
    axes.set_title("margin of the statement, average, per cent of notional")
    axes.set_xticks(minutes, [f"{value:g}" for value in minutes])
    axes.set_yticks([0.1, 0.2, 0.5, 1, 2, 5, 10])
    axes.set_ylim(0.2, 6)
    axes.minorticks_off()
    axes.grid(axis="y", color="#eeeeee")
    _plain_ticks(axes.yaxis)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)


def _capital(figure: Any, report: Report) -> None:
    """Netted against venue by venue; and following volatility against a constant, at equal coverage in hindsight."""
    main = report.horizons[0]
    several = [result for result in main.portfolios if result.venues > 1]
    heights = [1 + len(several), 1 + len(main.portfolios)]
    figure.set_size_inches(8, 1 + 0.27 * sum(heights))
    above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": heights})
    shares = [100 * r.method("statement").average_e8 / r.isolated_average_e8 for r in several]
    _bars(above, [r.title for r in several], shares, "#0072b2")
    above.set_title("netted over the venues, per cent of the margin venue by venue")
    shares = [100 * r.scaled_average_e8 / max(1, r.static_average_e8) for r in main.portfolios]
    _bars(below, [r.title for r in main.portfolios], shares, "#009e73")
    below.set_title("following the market, per cent of an equally safe constant")


def _bars(axes: Any, names: Sequence[str], shares: Sequence[float], colour: str) -> None:
    places = [-place for place in range(len(names))]
    axes.barh(places, shares, color=colour, height=0.6)
    axes.set_ylim(-len(names) + 0.4, 0.6)
    for place, share in zip(places, shares, strict=True):
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(share + 2, place, f"{share:.0f} %", va="center", fontsize=8, bbox=box)
    axes.axvline(100, color="#888888", lw=1, ls="--")
    axes.set_yticks(places, names)
    axes.set_xlim(0, max(115.0, 1.15 * max(shares, default=100)))


def _gaps(figure: Any, report: Report) -> None:
    """The largest loss within the shock beyond each margin."""
    panels = figure.subplots(1, 2, sharey=True)
    for axes, books in zip(panels, ("short option", "random book"), strict=True):
        rows = [gap for gap in report.gaps if gap.books == books]
        for expiry_ms, style in zip(sorted({gap.expiry_ms for gap in rows}), ("-", "--"), strict=False):
            chosen = sorted((gap for gap in rows if gap.expiry_ms == expiry_ms), key=lambda gap: gap.horizon_ms)
            minutes = [gap.horizon_ms / MINUTE_MS for gap in chosen]
            for method in ("delta_gamma", "scenario", "larger"):
                points = [getattr(gap, f"{method}_bp_e4") / 10_000 for gap in chosen]
                label = f"{METHOD_NAMES[method]}, {expiry_ms / HOUR_MS:g} h"
                axes.plot(minutes, points, f"o{style}", color=COLOURS[method], ms=4, lw=1.2, label=label)
        axes.set_yscale("symlog", linthresh=0.1)
        axes.set_ylim(bottom=0)
        axes.set(xscale="log", xlabel="horizon, minutes", title=f"{books}s")
        axes.set_xticks(minutes, [f"{value:g}" for value in minutes])
        axes.minorticks_off()
        _plain_ticks(axes.yaxis)
    panels[0].set_ylabel("basis points of notional beyond the margin")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", fontsize=8, ncols=2)


def _calibration(figure: Any, report: Report) -> None:
    """Observed rates of moves beyond z forecast deviations, against what normal returns would have."""
    axes = figure.subplots()
    multiples = [row.confidence_e4 / 10_000 for row in report.calibration]
    asked = [row.asked_e9 / 1e9 for row in report.calibration]
    found = [row.exceedances / row.trials for row in report.calibration]
    axes.plot(multiples, asked, "o--", color="#888888", ms=4, label="normal returns")
    axes.plot(multiples, found, "o-", color="#0072b2", ms=4, label="observed, all coins, both ways")
    for x, y in [*zip(multiples, asked, strict=True), *zip(multiples, found, strict=True)]:
        if y > 0:
            axes.annotate(f"{100 * y:.2g} %", (x, y), textcoords="offset points", xytext=(6, 5), fontsize=8)
    axes.set(yscale="log", xlabel="z: the margin's multiple of the forecast deviation")
    axes.set_xlim(right=max(multiples) + 0.3)
    axes.set_title("share of horizons with a move beyond z deviations")
    axes.legend(loc="lower left")


def _days(line: Timeline) -> list[datetime]:
    return [datetime.fromtimestamp(day / 1000, UTC) for day in line.day_ms]


def _percent(values_ppm: Sequence[int]) -> list[float]:
    return [value / 10_000 for value in values_ppm]


def _by_length(report: Report) -> list[HorizonResult]:
    return sorted(report.horizons, key=lambda horizon: horizon.horizon_ms)


def _find(horizon: HorizonResult, name: str) -> PortfolioResult | None:
    return next((result for result in horizon.portfolios if result.name == name), None)


def _plain_ticks(axis: Any) -> None:
    axis.set_major_formatter(lambda value, _: f"{value:g}")
