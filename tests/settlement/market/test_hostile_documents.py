"""Each value of each document replaced by junk: read as something well formed, or refused by a typed error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zkmargin.algebra.errors import ZkMarginError
from zkmargin.settlement.market import (
    MarketConfig,
    MarketQuotes,
    MarketSnapshot,
    OptionKind,
    OptionQuote,
    PriceHistory,
    ReportBundle,
    SignedReport,
    SigningKey,
    agree,
    bundle,
    config,
    history,
    option_chain,
    option_chain_json,
    quotes_document,
    read_option_chain,
    read_reports,
    signing,
    snapshot,
)

from .market_case import CONFIG, KEYS, NOW_MS, all_signed, report, signed

DOCUMENTS: dict[str, tuple[Callable[[str], object], dict[str, Any]]] = {
    "report": (SignedReport.from_json, signed("d").to_json()),
    "bundle": (ReportBundle.from_json, ReportBundle(tuple(all_signed()[:1])).to_json()),
    "either": (read_reports, signed("a").to_json()),
    "snapshot": (MarketSnapshot.from_json, agree([*all_signed(), signed("a", sequence=4)], CONFIG, NOW_MS).to_json()),
    "config": (MarketConfig.from_json, CONFIG.to_json()),
    "history": (PriceHistory.from_json, PriceHistory(("A", "B"), (1, 2), ((1, 2), (3, 4))).to_json()),
    "chain": (
        read_option_chain,
        option_chain_json([OptionQuote(1, "C", "B", OptionKind.CALL, 1, 2, 1, 5, 6, 7, 8)], "USD"),
    ),
    "key": (SigningKey.from_json, KEYS["d"].to_json()),
    "quotes": (MarketQuotes.from_json, MarketQuotes("USD", report("a").prices, report("a").volatilities).to_json()),
}
JUNK = (None, True, 0, -1, 1 << 70, "", "x", "NaN USD", "inf %", "\0", "0x", "x" * 100, [], {}, [[]], {"a": 1}, [None])
Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The way to every value inside, the whole first."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inside:
        yield from places(item, (*path, step))


def replaced(document: Any, path: Path, junk: Any) -> Any:
    if not path:
        return junk
    copy = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = junk
    return copy


@pytest.mark.parametrize("name", DOCUMENTS)
def test_junk_is_refused_by_a_typed_error(name: str) -> None:
    read, document = DOCUMENTS[name]
    read(json.dumps(document))
    refused: list[str] = []
    for path in places(document):
        for junk in JUNK:
            try:
                read(json.dumps(replaced(document, path, junk)))
            except ZkMarginError as problem:
                refused.append(str(problem))
    assert len(refused) > 10 * len(list(places(document)))
    assert not any("\0" in message for message in refused)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_key_twice_is_refused(name: str) -> None:
    read, document = DOCUMENTS[name]
    with pytest.raises(ZkMarginError, match="twice"):
        read('{"format": "x", ' + json.dumps(document)[1:])


LIMITS = {
    "report": (signing, "MAX_REPORT_BYTES"),
    "bundle": (bundle, "MAX_JSON_BYTES"),
    "either": (bundle, "MAX_JSON_BYTES"),
    "snapshot": (snapshot, "MAX_JSON_BYTES"),
    "config": (config, "MAX_JSON_BYTES"),
    "history": (history, "MAX_JSON_BYTES"),
    "chain": (option_chain, "MAX_JSON_BYTES"),
    "key": (signing, "MAX_KEY_BYTES"),
    "quotes": (quotes_document, "MAX_JSON_BYTES"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_one_byte_too_large_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read, document = DOCUMENTS[name]
    text = json.dumps(document)
    monkeypatch.setattr(*LIMITS[name], len(text))
    read(text)
    with pytest.raises(ZkMarginError, match="bytes, more than"):
        read(text + " ")
