"""One document of each of the market's formats."""

from __future__ import annotations

import json
from pathlib import Path

from zkmargin.settlement.market import (
    MarketConfig,
    MarketQuotes,
    MarketReport,
    OptionKind,
    OptionQuote,
    PriceHistory,
    PriceQuote,
    QuoteRule,
    ReportBundle,
    ReportDomain,
    Scheme,
    Signer,
    SigningKey,
    agree,
    option_chain_json,
)

NOW_MS = 1_800_000_000_000


def write_market_documents(folder: Path) -> None:
    """market-config.json and the others into a folder; one source is enough."""
    key = SigningKey(Scheme.SECP256K1, b"\7" * 32)
    domain = ReportDomain(2002, b"\x11" * 20)
    rule = QuoteRule(20_000, 100, 100_000, 60_000)
    signers = (Signer("alpha", key.scheme, key.identity()),)
    config = MarketConfig(domain, "spot", "USD", signers, 1, 10_000, 500, ("BTC",), (), rule, rule)
    prices = (PriceQuote("BTC", 6_399_000_000_000, 6_401_000_000_000),)
    report = key.sign(MarketReport(domain, "alpha", "spot", "USD", NOW_MS, 1, prices))
    documents = {
        "market-config": config,
        "market-key": key,
        "market-quotes": MarketQuotes("USD", prices),
        "market-report": report,
        "market-reports": ReportBundle((report,)),
        "market-snapshot": agree([report], config, NOW_MS),
        "price-history": PriceHistory(("BTC",), (NOW_MS,), ((6_400_000_000_000,),)),
    }
    option = OptionQuote(1, "BTC-CALL", "BTC", OptionKind.CALL, 1, 2, 1, 580_000, None, None, None)
    (folder / "option-chain.json").write_text(json.dumps(option_chain_json([option], "USD")))
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document.to_json()))
