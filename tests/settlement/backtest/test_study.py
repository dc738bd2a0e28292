"""A whole small study: its report, its document and its pictures."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from zkmargin.algebra import EncodingError
from zkmargin.settlement.backtest.forecast import ForecastSettings
from zkmargin.settlement.backtest.histories import chain_csv, history_of, path_of, prices_csv
from zkmargin.settlement.backtest.model import crypto_model
from zkmargin.settlement.backtest.option_market import OptionMarket
from zkmargin.settlement.backtest.outcome import METHODS
from zkmargin.settlement.backtest.path import MarketPath
from zkmargin.settlement.backtest.pictures import draw
from zkmargin.settlement.backtest.report import Report
from zkmargin.settlement.backtest.report_document import report_from_json, report_to_csv, report_to_json
from zkmargin.settlement.backtest.simulation import simulate
from zkmargin.settlement.backtest.study import StudySettings, run_study
from zkmargin.settlement.backtest.table_settings import TableSettings
from zkmargin.settlement.errors import CoverageRejected, DocumentError, PathError, StudyError
from zkmargin.settlement.market.history import PriceHistory
from zkmargin.settlement.market.option_csv import OptionLayout, VolatilityUnit, read_options_csv
from zkmargin.settlement.market.price_csv import PriceLayout, read_prices_csv

SETTINGS = StudySettings(horizons_ms=(600_000, 3_600_000))


def quiet(step: str, fraction: float) -> None:
    assert 0 <= fraction <= 1, step


@pytest.fixture(scope="module")
def paths() -> list[MarketPath]:
    return [simulate(crypto_model(), seed, 1400) for seed in (1, 2)]


@pytest.fixture(scope="module")
def report(paths: list[MarketPath]) -> Report:
    return run_study(paths, SETTINGS, "simulated", (1, 2), quiet)


def test_the_report_counts_every_horizon_of_every_path(report: Report) -> None:
    assert [horizon.horizon_ms for horizon in report.horizons] == [600_000, 3_600_000]
    first, last = (horizon.portfolios[0].trials for horizon in report.horizons)
    assert (first, last) == (2 * 412, 2 * 68)
    for horizon in report.horizons:
        for result in horizon.portfolios:
            assert [judged.method for judged in result.methods] == list(METHODS)
            larger, statement = result.method("larger"), result.method("statement")
            alone = (result.method(name).exceedances for name in ("delta_gamma", "scenario"))
            assert larger.exceedances <= min(alone)
            assert statement.exceedances <= larger.exceedances
            assert 0 < statement.average_e8 <= statement.peak_e8
            assert statement.average_e8 <= result.isolated_average_e8 + 1
            assert statement.average_e8 <= result.one_table_average_e8
            assert (result.one_table_average_e8 == statement.average_e8) == (horizon is report.horizons[-1])


def test_the_exact_rules_are_run_beside_the_twin(report: Report) -> None:
    assert report.exact.evaluations == 2 * 2 * SETTINGS.exact_rows * len(SETTINGS.portfolios)
    assert report.exact.largest_difference_e18 < 10**6


def test_margins_grow_with_the_horizon(report: Report) -> None:
    short, long = report.horizons
    for before, after in zip(short.portfolios, long.portfolios, strict=True):
        assert after.method("statement").average_e8 > before.method("statement").average_e8


def test_the_same_study_gives_the_same_report(paths: list[MarketPath], report: Report) -> None:
    assert run_study(paths, SETTINGS, "simulated", (1, 2), quiet) == report


def test_too_little_margin_is_found_out(paths: list[MarketPath]) -> None:
    weak = replace(SETTINGS, table=TableSettings(confidence_e4=10_000))
    found = run_study(paths, weak, "simulated", (1, 2), quiet)
    assert "long-perp at 10 min" in found.rejected()
    with pytest.raises(CoverageRejected) as problem:
        found.require_coverage()
    assert problem.value.portfolios == found.rejected()
    assert "99.9 %" in str(problem.value)


def test_the_document_reads_back_and_refuses_anything_else(report: Report) -> None:
    document = report_to_json(report)
    text = json.dumps(document)
    assert report_from_json(text) == report
    line = document["timelines"][0]
    portfolio = document["horizons"][0]["portfolios"][0]
    horizon = {**document["horizons"][0], "portfolios": [{**portfolio, "trials": 0}]}
    nameless = {**document["horizons"][0], "portfolios": [{**portfolio, "methods": portfolio["methods"][1:]}]}
    for broken in (
        {**document, "horizons": [horizon]},
        {**document, "horizons": [nameless]},
        {**document, "timelines": []},
        {**document, "timelines": [{**line, "day_ms": line["day_ms"][1:]}]},
        {**document, "timelines": [{**line, "day_ms": [day + (1 << 47) for day in line["day_ms"]]}]},
        {**document, "calibration": []},
        {**document, "format": "zkmargin.backtest-report/2"},
        {**document, "extra": 1},
        {**document, "horizons": []},
        {**document, "horizons": [*document["horizons"], {**document["horizons"][0], "portfolios": []}]},
        {**document, "gaps": [{**document["gaps"][0], "sigma_ppm": "1"}]},
        {key: value for key, value in document.items() if key != "setup"},
    ):
        with pytest.raises(DocumentError):
            report_from_json(json.dumps(broken))
    with pytest.raises(EncodingError):
        report_from_json(text.replace("824", "8.24", 1))


def test_the_csv_has_a_row_for_every_margin(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(report_to_csv(report))))
    assert len(rows) == 2 * len(SETTINGS.portfolios) * (len(METHODS) + 1)
    assert {row["method"] for row in rows} == {*METHODS, "account"}


def test_pictures_are_svg_and_the_same_again(report: Report) -> None:
    pictures = draw(report)
    assert set(pictures) == {
        "calibration.svg", "capital.svg", "coverage.svg", "exceedances.svg", "gaps.svg", "latency.svg"
    }  # fmt: skip
    assert pictures == draw(report)
    for name, data in pictures.items():
        assert data.startswith(b"<?xml"), name
        assert len(data) < 150_000, name


def test_a_history_makes_a_path_that_knows_no_future(paths: list[MarketPath]) -> None:
    history = history_of(paths[0])
    path = path_of(history, ForecastSettings())
    assert (path.prices_e8 == paths[0].prices_e8).all()
    cut = 1000
    shorter = PriceHistory(history.symbols, history.times_ms[:cut], history.prices_e8[:cut])
    early = path_of(shorter, ForecastSettings())
    assert (early.expected.short_variance == path.expected.short_variance[:cut]).all()
    report = run_study([path], SETTINGS, "imported", (), quiet)
    assert report.horizons[0].portfolios[0].trials == 412


def test_a_coin_that_never_moves_is_backtested_at_the_volatility_floor(paths: list[MarketPath]) -> None:
    history = history_of(paths[0])
    still = replace(history, prices_e8=tuple((10**8, *row[1:]) for row in history.prices_e8))
    report = run_study([path_of(still, ForecastSettings())], SETTINGS, "imported", (), quiet)
    assert (report.assets[0].volatility_ppm, report.assets[0].kurtosis_e4) == (0, 0)
    assert report.horizons[0].portfolios[0].method("statement").average_e8 > 0
    assert report.horizons[0].portfolios[0].method("statement").exceedances == 0


def test_a_price_that_no_haircut_bears_is_named(paths: list[MarketPath]) -> None:
    history = history_of(paths[0])
    rows = list(history.prices_e8)
    rows[800] = (rows[800][0] * 10, *rows[800][1:])
    path = path_of(replace(history, prices_e8=tuple(rows)), ForecastSettings())
    with pytest.raises(StudyError, match="haircut of BTC reaches 100 %"):
        run_study([path], SETTINGS, "imported", (), quiet)


def test_a_seed_counts_once(paths: list[MarketPath]) -> None:
    with pytest.raises(StudyError, match="seeds must differ"):
        run_study([paths[0], paths[0]], SETTINGS, "simulated", (1, 1), quiet)


def test_a_history_must_be_even_and_small_enough(paths: list[MarketPath]) -> None:
    history = history_of(paths[0])
    rows = list(history.prices_e8)
    rows[3] = (10**15, *rows[3][1:])
    with pytest.raises(PathError, match="too large"):
        path_of(PriceHistory(history.symbols, history.times_ms, tuple(rows)), ForecastSettings())
    rows[3] = (10**7 - 1, *rows[3][1:])
    with pytest.raises(PathError, match="too small"):
        path_of(PriceHistory(history.symbols, history.times_ms, tuple(rows)), ForecastSettings())
    times = (*history.times_ms[:-1], history.times_ms[-1] + 1)
    with pytest.raises(PathError, match="even"):
        path_of(PriceHistory(history.symbols, times, history.prices_e8), ForecastSettings())


def test_simulated_files_are_read_by_the_market_room(paths: list[MarketPath]) -> None:
    history = history_of(paths[0])
    points = read_prices_csv(prices_csv(history).encode(), PriceLayout())
    assert PriceHistory.from_points(points) == history
    chain = chain_csv(OptionMarket(paths[0]), np.array([600, 700]))
    quotes = read_options_csv(chain.encode(), OptionLayout(volatility_unit=VolatilityUnit.FRACTION))
    assert len(quotes) == 2 * 3 * 3
    assert all(quote.bid_volatility_ppm < quote.ask_volatility_ppm for quote in quotes)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"horizons_ms": ()}, "horizons_ms"),
        ({"horizons_ms": (600_000, 600_000)}, "horizons_ms"),
        ({"coverage_ppm": 1_000_000}, "coverage_ppm"),
        ({"significance_ppm": 0}, "significance_ppm"),
    ],
)
def test_settings_that_make_no_study(change: dict[str, object], field: str) -> None:
    with pytest.raises(StudyError) as problem:
        replace(SETTINGS, **change)  # type: ignore[arg-type]
    assert problem.value.field == field


def test_a_horizon_is_a_whole_number_of_steps(paths: list[MarketPath]) -> None:
    with pytest.raises(StudyError, match="multiples"):
        run_study(paths, replace(SETTINGS, horizons_ms=(400_000,)), "simulated", (1, 2), quiet)
