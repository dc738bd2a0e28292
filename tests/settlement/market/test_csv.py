"""CSV files of exchanges: declared columns, strict values, every fault with its line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.settlement.errors import DocumentError, MarketDataError, RowError
from zkmargin.settlement.market import (
    OptionKind,
    OptionLayout,
    OptionQuote,
    PriceLayout,
    PricePoint,
    TimeUnit,
    VolatilityQuote,
    VolatilityUnit,
    at_common_times,
    csv_rows,
    option_chain_json,
    read_option_chain,
    read_options_csv,
    read_prices_csv,
    volatility_quotes,
)

E8 = 10**8
QUOTES = "time,symbol,bid,ask\n1000,BTC,64000,64001\n1000,ETH,3200.5,3200.7\n2000,BTC,64010,64010\n"
BARS = PriceLayout(
    {"time": "Open time", "close": "Close", "high": "High", "low": "Low"}, TimeUnit.SECONDS, symbol="BTC"
)
BAR_ROWS = "Open time,Open,High,Low,Close,Volume\n1.0,1,3,1,2,9\n2.5,2,4,2,3.5,9\n"


def prices(text: str, layout: PriceLayout | None = None) -> list[PricePoint]:
    return read_prices_csv(text.encode(), layout or PriceLayout())


def test_quotes_become_mids() -> None:
    assert prices(QUOTES) == [
        PricePoint(1000, "BTC", 64_000 * E8 + E8 // 2),
        PricePoint(1000, "ETH", 320_060_000_000),
        PricePoint(2000, "BTC", 64_010 * E8),
    ]


def test_bars_become_closes_under_the_exchanges_own_names() -> None:
    assert prices(BAR_ROWS, BARS) == [PricePoint(1000, "BTC", 2 * E8), PricePoint(2500, "BTC", 350_000_000)]


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        (TimeUnit.MILLISECONDS, "1772323200123"),
        (TimeUnit.SECONDS, "1772323200.1239"),
        (TimeUnit.MICROSECONDS, "1772323200123999"),
        (TimeUnit.ISO, "2026-03-01T00:00:00.123Z"),
        (TimeUnit.ISO, "2026-03-01T01:00:00.123999+01:00"),
    ],
)
def test_times_in_every_unit(unit: TimeUnit, written: str) -> None:
    points = prices(f"time,close\n{written},1\n", PriceLayout(time_unit=unit, symbol="BTC"))
    assert points == [PricePoint(1_772_323_200_123, "BTC", E8)]


@pytest.mark.parametrize(
    ("written", "price_e8"),
    [("64000.100000000006", 6_400_010_000_000), ("1e-05", 1_000), ("6.4E4", 64_000 * E8), ("+2.", 2 * E8)],
)
def test_numbers_as_programs_write_them(written: str, price_e8: int) -> None:
    assert prices(f"time,symbol,close\n1,BTC,{written}\n")[0].price_e8 == price_e8


def test_a_bid_is_rounded_down_and_an_ask_up() -> None:
    text = f"{OPTION_HEADER}\n1,X,BTC,c,1,2,1,58.12345,58.12345,0.000000015,0.000000015\n"
    option = options(text)[0]
    assert (option.bid_volatility_ppm, option.ask_volatility_ppm) == (581_234, 581_235)
    assert (option.bid_price_e8, option.ask_price_e8) == (1, 2)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("1000,BTC,NaN,2", "bid"),
        ("1000,BTC,1,nan", "ask"),
        ("1000,BTC,inf,2", "bid"),
        ("1000,BTC,1,Infinity", "ask"),
        ("1000,BTC,-1,2", "bid"),
        ("1000,BTC,0,2", "bid"),
        ("1000,BTC,0.000000001,2", "bid"),
        ("1000,BTC,2,1", "bid"),
        ("1000,BTC,,2", "bid"),
        ("1000,BTC,0x10,20", "bid"),
        ("1000,BTC,1_000,2000", "bid"),
        ("1000,BTC,١,2", "bid"),
        ("1000,BTC,1,1e30", "ask"),
        ("1000,BTC,1,1e999", "ask"),
        ("1000,BTC,1," + "1" * 65, "ask"),
        ("1000,B TC,1,2", "symbol"),
        ("1000,,1,2", "symbol"),
        ("-1,BTC,1,2", "time"),
        ("soon,BTC,1,2", "time"),
        ("1e30,BTC,1,2", "time"),
        ("1000,BTC,1", "row"),
        ("1000,BTC,1,2,3", "row"),
        ('1000,"BTC,1,2', "row"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_line(row: str, column: str) -> None:
    with pytest.raises(RowError) as caught:
        prices(f"time,symbol,bid,ask\n500,BTC,1,2\n{row}\n")
    assert caught.value.field == column
    assert caught.value.line == 3
    assert "line 3" in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("1000,BTC,1,1\n1000,BTC,1,1", "twice"),
        ("1000,BTC,1,1\n999,BTC,1,1", "sort the rows"),
    ],
)
def test_rows_twice_and_out_of_order_are_refused(rows: str, reason: str) -> None:
    with pytest.raises(RowError, match=reason) as caught:
        prices(f"time,symbol,bid,ask\n{rows}\n")
    assert caught.value.line == 3


@pytest.mark.parametrize("row", ["3,1,3,1,3.1,9", "3,1,3,1,0.9,9"])
def test_a_close_beyond_its_bar_is_refused(row: str) -> None:
    with pytest.raises(RowError, match="close is beyond"):
        prices(f"{BAR_ROWS}{row}\n", BARS)


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(RowError, match="offset from UTC"):
        prices("time,close\n2026-03-01T00:00:00,1\n", PriceLayout(time_unit=TimeUnit.ISO, symbol="BTC"))
    with pytest.raises(RowError, match="is not a time"):
        prices("time,close\nyesterday,1\n", PriceLayout(time_unit=TimeUnit.ISO, symbol="BTC"))


@pytest.mark.parametrize(
    ("header", "reason"),
    [("time,bid,ask", "symbol.*not in"), ("time,symbol,bid,bid,ask", "bid.*twice in"), ("", "time.*not in")],
)
def test_a_header_without_the_columns_is_refused(header: str, reason: str) -> None:
    with pytest.raises(RowError, match=reason):
        prices(f"{header}\n")
    with pytest.raises(MarketDataError, match="unknown"):
        PriceLayout({"last": "Last"})


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(RowError, match="UTF-8"):
        read_prices_csv(b"\xff\xfe", PriceLayout())
    assert read_prices_csv(b"\xef\xbb\xbf" + QUOTES.encode(), PriceLayout()) == prices(QUOTES)


def test_size_and_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "MAX_CSV_ROWS", 2)
    with pytest.raises(RowError, match="more than 2 rows"):
        prices(QUOTES)
    monkeypatch.setattr(csv_rows, "MAX_CSV_BYTES", 10)
    with pytest.raises(RowError, match="more than 10 bytes"):
        prices(QUOTES)


@given(st.text(alphabet='0123456789.,eE+-nai\n"\r ', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        points = prices("time,symbol,bid,ask\n" + text)
    except RowError:
        return
    assert all(point.price_e8 > 0 for point in points)


def test_only_common_times_make_a_history() -> None:
    history, left_out = at_common_times(prices(QUOTES))
    assert (history.symbols, history.times_ms, left_out) == (("BTC", "ETH"), (1000,), 1)
    with pytest.raises(MarketDataError, match="none in common"):
        at_common_times(prices("time,symbol,close\n1,A,1\n2,B,1\n"))


OPTION_HEADER = "time,instrument,underlying,kind,strike,expiry,spot,bid_volatility,ask_volatility,bid_price,ask_price"
CHAIN = f"""{OPTION_HEADER}
1000,BTC-70K-C,BTC,call,70000,9000,64000,58.1,62,100.5,120
1000,BTC-60K-P,BTC,P,60000,9000,64000,,70,,80
2000,BTC-70K-C,BTC,C,70000,9000,64100,59,61,,
"""


def options(text: str, layout: OptionLayout | None = None) -> list[OptionQuote]:
    return read_options_csv(text.encode(), layout or OptionLayout())


def test_a_chain_is_read_with_its_empty_sides() -> None:
    first, put, last = options(CHAIN)
    assert first == OptionQuote(
        1000,
        "BTC-70K-C",
        "BTC",
        OptionKind.CALL,
        70_000 * E8,
        9000,
        64_000 * E8,
        581_000,
        620_000,
        10_050_000_000,
        120 * E8,
    )
    assert (put.kind, put.bid_volatility_ppm, put.ask_volatility_ppm, put.bid_price_e8) == (
        OptionKind.PUT,
        None,
        700_000,
        None,
    )
    assert last.ask_price_e8 is None
    assert volatility_quotes(options(CHAIN)) == (VolatilityQuote("BTC-70K-C", 590_000, 610_000),)
    assert json.loads(json.dumps(put.to_json("USD")))["ask_volatility"] == "70 %"


def test_a_chain_reads_back_as_written() -> None:
    chain = options(CHAIN)
    assert read_option_chain(json.dumps(option_chain_json(chain, "USD"))) == (chain, "USD")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "straddle"),
        ("instrument", "two words"),
        ("underlying", ""),
        ("strike", "0 USD"),
        ("strike", "NaN USD"),
        ("strike", "1 EUR"),
        ("spot", "0 USD"),
        ("expiry_ms", 1000),
        ("bid_volatility", "0 %"),
        ("bid_volatility", "63 %"),
        ("bid_price", "121 USD"),
        ("ask_price", "0 USD"),
        ("more", 1),
    ],
)
def test_a_malformed_chain_is_refused(field: str, value: object) -> None:
    document = option_chain_json(options(CHAIN)[:1], "USD")
    document["options"][0][field] = value
    with pytest.raises((DocumentError, MarketDataError)):
        read_option_chain(json.dumps(document))


def test_a_chain_of_unquoted_options_is_refused() -> None:
    document = option_chain_json(options(CHAIN)[1:2], "USD")
    del document["options"][0]["ask_volatility"], document["options"][0]["ask_price"]
    with pytest.raises(MarketDataError, match="no quote at all"):
        read_option_chain(json.dumps(document))


def test_volatilities_as_fractions_under_other_names() -> None:
    text = "t,i,u,k,x,e,s,mark\n1,X,BTC,put,1,2,3,0.581\n"
    words = dict(zip(("time", "instrument", "underlying", "kind", "strike", "expiry", "spot"), "tiukxes", strict=True))
    layout = OptionLayout(
        words | {"bid_volatility": "mark", "ask_volatility": "mark"}, TimeUnit.SECONDS, VolatilityUnit.FRACTION
    )
    assert options(text, layout)[0].bid_volatility_ppm == 581_000
    assert options(text, layout)[0].expiry_ms == 2000


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2000,X,BTC,call,1,2000,1,1,2,,", "expiry"),
        ("2000,X,BTC,call,1,1999,1,1,2,,", "expiry"),
        ("2000,X,BTC,straddle,1,9000,1,1,2,,", "kind"),
        ("2000,X,BTC,call,0,9000,1,1,2,,", "strike"),
        ("2000,X,BTC,call,-1,9000,1,1,2,,", "strike"),
        ("2000,X,BTC,call,1,9000,0,1,2,,", "spot"),
        ("2000,X,BTC,call,1,9000,,1,2,,", "spot"),
        ("2000,X,BTC,call,1,9000,1,2,1,,", "bid_volatility"),
        ("2000,X,BTC,call,1,9000,1,NaN,1,,", "bid_volatility"),
        ("2000,X,BTC,call,1,9000,1,0,1,,", "bid_volatility"),
        ("2000,X,BTC,call,1,9000,1,1,999999,,", "ask_volatility"),
        ("2000,X,BTC,call,1,9000,1,,,3,2", "bid_price"),
        ("2000,X,BTC,call,1,9000,1,,,inf,", "bid_price"),
        ("2000,X,BTC,call,1,9000,1,,,,", "row"),
        ("2000,BTC-70K-C,BTC,call,1,9000,1,1,2,,", "instrument"),
        ("1999,X,BTC,call,1,9000,1,1,2,,", "time"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_its_line(row: str, column: str) -> None:
    with pytest.raises(RowError) as caught:
        options(f"{CHAIN}{row}\n")
    assert (caught.value.field, caught.value.line) == (column, 5)


def test_a_chain_without_quotes_is_refused() -> None:
    with pytest.raises(MarketDataError, match="no quotes"):
        options("time,instrument,underlying,kind,strike,expiry,spot\n")
    with pytest.raises(MarketDataError, match="unknown"):
        OptionLayout({"iv": "iv"})
