"""What `zkmargin inspect` says of the market's documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zkmargin.algebra import Buffer

from .output import Output

Facts = dict[str, Any]

MARKET_FORMATS = {
    "zkmargin.market-config/1": "market configuration",
    "zkmargin.market-key/1": "market key",
    "zkmargin.market-quotes/1": "market quotes",
    "zkmargin.market-report/1": "market report",
    "zkmargin.market-reports/1": "market reports",
    "zkmargin.market-snapshot/1": "market snapshot",
    "zkmargin.option-chain/1": "option chain",
    "zkmargin.price-history/1": "price history",
}


def _config(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.market import MarketConfig

    config = MarketConfig.from_json(data)
    return {**_without_format(config.to_json()), "digest": "0x" + config.digest.hex()}


def _key(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.market import SigningKey

    shown = _without_format(SigningKey.from_json(data).to_json())
    if not output.reveal:
        del shown["secret"]
    return shown


def _quotes(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.market import MarketQuotes

    return _without_format(MarketQuotes.from_json(data).to_json())


def _report(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.market import SignedReport

    signed = SignedReport.from_json(data)
    return {**_without_format(signed.to_json()), "digest": "0x" + signed.report.digest.hex()}


def _reports(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.market import ReportBundle

    reports = [signed.report for signed in ReportBundle.from_json(data).reports]
    return {
        "reports": len(reports),
        "sources": ", ".join(sorted({report.source for report in reports})),
        "markets": ", ".join(sorted({report.market for report in reports})),
    }


def _snapshot(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.market import MarketSnapshot

    snapshot = MarketSnapshot.from_json(data)
    return {**_without_format(snapshot.to_json()), "digest": "0x" + snapshot.digest().hex()}


def _history(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.market import PriceHistory

    history = PriceHistory.from_json(data)
    return {
        "symbols": ", ".join(history.symbols),
        "times": len(history.times_ms),
        "first_ms": history.times_ms[0],
        "last_ms": history.times_ms[-1],
    }


def _chain(data: Buffer, output: Output) -> Facts:
    from zkmargin.settlement.market import read_option_chain

    options, quote = read_option_chain(data)
    return {
        "quote": quote,
        "rows": len(options),
        "underlyings": ", ".join(sorted({option.underlying for option in options})),
        "instruments": ", ".join(sorted({option.instrument for option in options})),
    }


def _without_format(document: Facts) -> Facts:
    return {name: value for name, value in document.items() if name != "format"}


MARKET_DESCRIPTIONS: dict[str, Callable[[Buffer, Output], Facts]] = {
    "market configuration": _config,
    "market key": _key,
    "market quotes": _quotes,
    "market report": _report,
    "market reports": _reports,
    "market snapshot": _snapshot,
    "option chain": _chain,
    "price history": _history,
}
