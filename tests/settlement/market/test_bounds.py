"""How much of everything is taken, and not one more."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from zkmargin.settlement.errors import DocumentError, MarketDataError, RowError
from zkmargin.settlement.market import (
    AgreedPrice,
    AgreedVolatility,
    MarketConfig,
    MarketQuotes,
    MarketReport,
    MarketSnapshot,
    PriceHistory,
    PriceLayout,
    PriceQuote,
    Provenance,
    Rejection,
    ReportBundle,
    ReportDomain,
    Scheme,
    SignedReport,
    SigningKey,
    VolatilityQuote,
    bundle,
    history,
    option_chain,
    option_chain_json,
    read_option_chain,
    read_prices_csv,
    volatility_quotes,
)
from zkmargin.settlement.market.option_chain import OptionKind, OptionQuote
from zkmargin.settlement.market.typed_data import TypedData

from .market_case import CONFIG, signed


def test_signers_and_symbols_are_bounded() -> None:
    def signers(count: int) -> object:
        old = CONFIG.signers[0]
        made = [replace(old, source=f"s{n}", identity=bytes([n + 1]) * 32) for n in range(count)]
        return replace(CONFIG, signers=tuple(made), quorum=count)

    def symbols(count: int) -> object:
        return replace(CONFIG, symbols=tuple(f"S{n}" for n in range(count)))

    signers(64)
    symbols(256)
    with pytest.raises(MarketDataError, match="signers must be 1 to 64"):
        signers(65)
    with pytest.raises(MarketDataError, match="at most 256"):
        symbols(257)


def test_no_currency_is_written_that_is_too_long_to_be_read() -> None:
    fits, too_long = "A" * 16, "A" * 17
    written = MarketQuotes(fits).to_json()
    assert MarketQuotes.from_json(json.dumps(written)).quote == fits
    assert MarketConfig.from_json(json.dumps(replace(CONFIG, quote=fits).to_json())).quote == fits
    assert read_option_chain(json.dumps(option_chain_json([], fits)))[1] == fits
    empty = MarketSnapshot("spot", fits, 1, {}, {}, bytes(32))
    for make in (
        lambda: MarketQuotes(too_long),
        lambda: option_chain_json([], too_long),
        lambda: replace(CONFIG, quote=too_long),
        lambda: replace(signed("a").report, quote=too_long),
        lambda: replace(empty, quote=too_long),
    ):
        with pytest.raises(MarketDataError, match="at most 16 characters"):
            make()


def test_reports_of_a_bundle_are_bounded() -> None:
    one = signed("a")
    ReportBundle((one,) * 512)
    with pytest.raises(MarketDataError, match="at most 512"):
        ReportBundle((one,) * 513)


def test_the_largest_documents_can_be_read_back() -> None:
    names = [f"{n:03}" + "x" * 29 for n in range(256)]
    report = MarketReport(
        domain=ReportDomain((1 << 64) - 1, b"\xff" * 20),
        source="x" * 32,
        market="x" * 32,
        quote="X" * 16,
        time_ms=(1 << 63) - 1,
        sequence=(1 << 64) - 1,
        prices=tuple(PriceQuote(name, (1 << 64) - 2, (1 << 64) - 1) for name in names),
        volatilities=tuple(VolatilityQuote(name, (1 << 32) - 2, (1 << 32) - 1) for name in names),
    )
    signed_report = SignedReport(report, Scheme.SECP256K1, bytes(65))
    written = json.dumps(signed_report.to_json(), indent=2)
    assert SignedReport.from_json(written) == signed_report
    assert len(written) + 2 * written.count("\n") + 4 < bundle.MAX_JSON_BYTES // 512


def test_every_rejection_there_can_be_is_read_back() -> None:
    rejections = tuple(Rejection("x" * 32, (1 << 64) - 1, f"{n:05}" + "x" * 27, "missing") for n in range(66_048))
    snapshot = MarketSnapshot("m", "USD", 0, {}, {}, bytes(32), Provenance(rejections=rejections))
    assert MarketSnapshot.from_json(snapshot.to_bytes()).provenance.rejections == rejections


def test_options_that_are_reported_are_bounded() -> None:
    def chain(count: int) -> list[OptionQuote]:
        return [
            OptionQuote(1, f"X{n:03}", "BTC", OptionKind.CALL, 1, 2, 1, 5, 6, None, None)
            for n in reversed(range(count))
        ]

    assert len(volatility_quotes(chain(256))) == 256
    with pytest.raises(MarketDataError, match="are 257"):
        volatility_quotes(chain(257))


def test_rows_of_a_chain_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(option_chain, "MAX_OPTIONS", 1)
    option = OptionQuote(1, "X", "BTC", OptionKind.CALL, 1, 2, 1, 5, 6, None, None)
    document = option_chain_json([option], "USD")
    with pytest.raises(MarketDataError, match="are 2 rows"):
        option_chain_json([option] * 2, "USD")
    document["options"] *= 2
    with pytest.raises(DocumentError, match="options must be at most 1"):
        read_option_chain(json.dumps(document))


def test_rows_of_a_history_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_ROWS", 1)
    PriceHistory(("A",), (1,), ((1,),))
    with pytest.raises(MarketDataError, match="1 to 1 of them"):
        PriceHistory(("A",), (1, 2), ((1,), (1,)))
    document = '{"format": "zkmargin.price-history/1", "symbols": ["A"], "rows": [[1, "x"], [2, "x"]]}'
    with pytest.raises(DocumentError, match="rows must be at most 1"):
        PriceHistory.from_json(document)


def test_agreed_values_are_bounded() -> None:
    for price_e8, confidence_e8 in ((0, 0), (1 << 64, 0), (1, -1), (1, 1 << 64)):
        with pytest.raises(MarketDataError):
            AgreedPrice(price_e8, confidence_e8, ())
    for sigma_ppm, confidence_ppm in ((0, 0), (1 << 32, 0), (1, -1), (1, 1 << 32)):
        with pytest.raises(MarketDataError):
            AgreedVolatility(sigma_ppm, confidence_ppm, ())


@pytest.mark.parametrize("secret", [bytes(32), b"\xff" * 32, bytes(31)])
def test_a_secret_outside_the_group_is_refused(secret: bytes) -> None:
    with pytest.raises(MarketDataError, match="secret"):
        SigningKey(Scheme.SECP256K1, secret)


def test_types_stand_in_the_order_of_their_names() -> None:
    names = [f"T{letter}" for letter in "QWERTYUIOPASDF"]
    types = TypedData({"All": tuple((name.lower(), name) for name in names), **dict.fromkeys(names, ())})
    expected = "".join(f"{name}()" for name in sorted(names))
    assert types.encode_type("All").partition(")")[2] == expected


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,BTC,1," + "1" * 65, "longer than 64"),
        ("1,BTC,1,1e31", "too large an exponent"),
        ("1,BTC,1,1e-31", "too large an exponent"),
        ("1,BTC,1,0.0000000001e11", None),
        ('1,"BTC"x,1,2', "is not CSV"),
    ],
)
def test_a_cell_is_bounded(row: str, reason: str | None) -> None:
    text = f"time,symbol,bid,ask\n{row}\n".encode()
    if reason is None:
        assert read_prices_csv(text, PriceLayout())[0].price_e8 == 550_000_000
    else:
        with pytest.raises(RowError, match=reason):
            read_prices_csv(text, PriceLayout())


def test_columns_are_bounded() -> None:
    header = ",".join(f"c{n}" for n in range(257))
    with pytest.raises(RowError, match="more than 256 columns"):
        read_prices_csv(header.encode(), PriceLayout())


def test_each_price_is_rounded_its_own_way() -> None:
    quotes = read_prices_csv(b"time,symbol,bid,ask\n1,BTC,1.000000009,1.000000011\n", PriceLayout())
    assert quotes[0].price_e8 == 100_000_001  # (100000000 + 100000002) / 2
    closes = read_prices_csv(b"time,symbol,close\n1,BTC,0.000000016\n2,BTC,0.000000025\n", PriceLayout())
    assert [point.price_e8 for point in closes] == [2, 2]


def test_quotes_of_two_files_are_one_only_where_they_fit() -> None:
    first = MarketQuotes("USD", (PriceQuote("B", 1, 2),), (VolatilityQuote("O", 1, 2),))
    second = MarketQuotes("USD", (PriceQuote("A", 1, 2),))
    assert [quote.symbol for quote in MarketQuotes.merged([first, second]).prices] == ["A", "B"]
    with pytest.raises(MarketDataError, match="one currency"):
        MarketQuotes.merged([first, MarketQuotes("EUR")])
    with pytest.raises(RowError, match="line 3: symbol is there twice"):
        MarketQuotes.from_csv(b"symbol,bid,ask\nBTC,1,2\nBTC,1,2\n", "USD")
