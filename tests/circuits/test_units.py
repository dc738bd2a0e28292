"""Kinds and units: what may be added to what, how scales travel, and the error that offers the way out."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    AMOUNT,
    PRICE,
    RATIO,
    TIME_MS,
    VALUE,
    Bit,
    BuildError,
    Circuit,
    Expr,
    Field,
    Fixed,
    InputError,
    Integer,
    UnitError,
    UnsatisfiedConstraint,
    absolute,
    assert_at_most,
    assert_bits,
    assert_equal,
    assert_less,
    assert_product,
    build,
    divide,
    is_at_most,
    is_equal,
    pack,
    poseidon,
    positive_part,
    quantity,
    ranged,
    round_down,
    round_up,
    select,
    to_bits,
    total,
)


@pytest.fixture
def c() -> Circuit:
    return Circuit("test")


def amount(c: Circuit, name: str = "amount", scale: int = 8) -> Expr:
    return c.private(name, bits=64, unit=AMOUNT(scale))


def price(c: Circuit) -> Expr:
    return c.private("price", bits=64, unit=PRICE(8))


def test_each_value_is_of_the_kind_that_says_all_that_is_known(c: Circuit) -> None:
    kinds = {
        "raw": (c.private("raw"), Field),
        "word": (c.private("word", bits=8), Integer),
        "flag": (c.private("flag", bits=1), Bit),
        "amount": (amount(c), Fixed),
    }
    assert {name: type(value) for name, (value, _) in kinds.items()} == {
        name: kind for name, (_, kind) in kinds.items()
    }
    word, flag = kinds["word"][0], kinds["flag"][0]
    assert type(word.raw()) is Field
    assert type(flag * 2) is Integer
    assert type(flag * flag) is Bit
    assert type(kinds["amount"][0].integer()) is Integer
    assert type(kinds["amount"][0].raw()) is Field
    assert repr(kinds["amount"][0]) == f"<Fixed amount in [0, {2**64 - 1}] amount e8>"


@pytest.mark.parametrize(
    "mix", [lambda raw, word: raw + word, lambda raw, word: word - raw, lambda raw, word: raw * word]
)
def test_the_field_and_the_integers_do_not_mix_by_accident(c: Circuit, mix: Callable[[Expr, Expr], Expr]) -> None:
    raw, word = c.private("raw"), c.private("word", bits=8)
    with pytest.raises(BuildError, match=r"mixes the raw field element raw, .* and the integer word") as caught:
        mix(raw, word)
    assert caught.value.file == "test_units.py"
    assert type(mix(raw, word.raw())) is Field
    assert type(mix(raw, c.constant(3))) is Field
    assert type(mix(c.constant(3), raw)) is Field


def test_products_multiply_quantities_and_add_scales(c: Circuit) -> None:
    value = amount(c) * price(c)
    assert value.unit == VALUE(16)
    ratio = c.private("ratio", bits=20, unit=RATIO(6))
    assert (value * ratio).unit == VALUE(22)
    assert (ratio * ratio).unit == RATIO(12)
    assert (value * c.private("count", bits=4)).unit == VALUE(16)
    assert (value * c.private("flag", bits=1)).unit == VALUE(16)
    assert (value * 3).unit == (-value).unit == VALUE(16)
    assert (value * c.fixed("0.5", RATIO(1))).unit == VALUE(17)
    assert (c.fixed("0.5", RATIO(1)) * value).unit == VALUE(17)


def test_sums_of_different_scales_offer_the_rescaling(c: Circuit) -> None:
    coarse, fine = amount(c, "coarse", 6), amount(c, "fine", 8)
    for mistake in (
        lambda: coarse + fine,
        lambda: fine - coarse,
        lambda: assert_at_most(coarse, fine),
        lambda: assert_less(fine, coarse),
        lambda: assert_equal(coarse, fine),
        lambda: is_equal(coarse, fine),
        lambda: is_at_most(coarse, fine),
        lambda: select(c.constant(1), coarse, fine),
        lambda: c.weighted_sum([(coarse, 1), (c.constant(0), 1), (fine, 1)]),
    ):
        with pytest.raises(BuildError, match=r"amount e6 .*amount e8|amount e8 .*amount e6") as caught:
            mistake()
        assert ".at_scale(8)" in caught.value.reason
        assert caught.value.file == "test_units.py"
    total = coarse.at_scale(8) + fine
    assert total.unit == AMOUNT(8)
    assert total.interval == (0, 101 * (2**64 - 1))


def test_what_counts_different_things_is_never_joined(c: Circuit) -> None:
    held, cost, worth = amount(c), price(c), c.private("worth", bits=9, unit=VALUE(8))
    for one, other in ((held, cost), (held, worth), (worth, cost)):
        for mistake in (lambda a=one, b=other: a + b, lambda a=one, b=other: assert_at_most(a, b)):
            with pytest.raises(BuildError, match="count different things"):
                mistake()


def test_a_number_without_a_unit_is_given_one(c: Circuit) -> None:
    ratio = c.private("ratio", bits=20, unit=RATIO(6))
    for mistake in (lambda: 1_000_000 - ratio, lambda: ratio + 1, lambda: assert_at_most(ratio, c.constant(1_000_000))):
        with pytest.raises(BuildError, match=r'has no unit: give it one, as in c.fixed\("1", unit\)'):
            mistake()
    kept = c.fixed("1", RATIO(6)) - ratio
    assert (kept.unit, kept.interval) == (RATIO(6), (1_000_000 - 2**20 + 1, 1_000_000))
    assert (ratio + 0).unit == (0 + ratio).unit == RATIO(6)
    assert sum([ratio, ratio]).unit == RATIO(6)
    assert (ratio.integer() + 1).unit is None
    assert ratio.integer().counting(RATIO(6)).unit == RATIO(6)


def test_units_survive_the_gadgets(c: Circuit) -> None:
    x = c.private("x", signed_bits=64, unit=VALUE(8))
    y = c.private("y", signed_bits=64, unit=VALUE(8))
    bit = c.private("bit", bits=1)
    assert {
        absolute(x).unit,
        positive_part(x).unit,
        select(bit, x, y).unit,
        select(bit, x, c.constant(0)).unit,
        divide(x, 10)[0].unit,
        divide(x, 10)[1].unit,
        divide(c.private("z", bits=3, unit=VALUE(8)), 10)[0].unit,
        divide(x, 1)[1].unit,
    } == {VALUE(8)}
    assert {is_at_most(x, y).unit, is_equal(x, y).unit, to_bits(absolute(x), 64)[0].unit} == {None}
    assert pack([amount(c), price(c)], 64).unit is None


@given(st.integers(-(2**40), 2**40), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_rounding_says_which_way(value: int, scale: int) -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", signed_bits=50, unit=RATIO(9))
        for name, rounded in (("down", round_down(x, scale)), ("up", round_up(x, scale))):
            assert rounded.unit == RATIO(scale)
            assert_equal(c.public(name, signed_bits=50, unit=RATIO(scale)), rounded)

    compiled = build(circuit, name="rounding", strict=True)
    exact = Fraction(value, 10 ** (9 - scale))
    honest = {"x": value, "down": math.floor(exact), "up": math.ceil(exact)}
    compiled.check(compiled.witness(honest))
    for name in ("down", "up"):
        for lie in (-1, 1):
            with pytest.raises(UnsatisfiedConstraint):
                compiled.check(compiled.witness({**honest, name: honest[name] + lie}))


def test_rounding_goes_to_coarser_scales_only(c: Circuit) -> None:
    for mistake in (lambda x: round_up(x, 9), lambda x: round_down(x, -1), lambda x: round_down(x, "6")):
        with pytest.raises(BuildError, match="rounding goes to a scale from 0 to 8"):
            mistake(Circuit("fresh").private("x", bits=8, unit=AMOUNT(8)))
    with pytest.raises(BuildError, match="has no scale to round to"):
        round_up(c.private("plain", bits=8), 0)


def test_a_total_is_a_sum_of_one_unit(c: Circuit) -> None:
    values = c.private_array("x", 3, bits=8, unit=VALUE(2))
    assert (total(values).unit, total(values).interval) == (VALUE(2), (0, 765))
    with pytest.raises(BuildError, match="bring the coarser one"):
        total([*values, c.private("y", bits=8, unit=VALUE(3))])


def test_kinds_and_units_are_kept_in_every_sum_and_product(c: Circuit) -> None:
    a, p, raw = amount(c), price(c), c.private("raw")
    for mistake in (
        lambda: total([a, a.raw(), p]),
        lambda: total([a, raw]),
        lambda: total([raw, a]),
        lambda: total([a, c.constant(5).raw(), p]),
        lambda: total([a, c.constant(5), a]),
        lambda: c.weighted_sum([(c.constant(5), 1), (a, 1)]),
        lambda: select(c.private("b0", bits=1), a, raw),
        lambda: assert_product(a, p, raw),
        lambda: assert_product(a, p, c.private("ms", bits=64, unit=TIME_MS(16))),
        lambda: assert_product(a, c.constant(2), c.private("plain", bits=64)),
    ):
        with pytest.raises(BuildError, match=r"mixes|joins"):
            mistake()
    assert_product(a, p, c.private("value", bits=128, unit=VALUE(16)))
    assert (raw + raw).interval is None
    x = c.private("x", bits=8)
    assert type(x.raw() + x.raw()) is Field
    assert type(total([x.raw(), raw])) is Field


def test_what_is_known_to_be_zero_keeps_its_unit(c: Circuit) -> None:
    a = amount(c)
    assert positive_part(-a).unit == AMOUNT(8)
    assert (positive_part(-a) * price(c)).unit == VALUE(16)
    assert select(c.constant(0), a, c.constant(0)).unit == AMOUNT(8)


def test_a_raw_value_becomes_a_number(c: Circuit) -> None:
    raw = c.private("raw")
    known = ranged(raw, 16, AMOUNT(4))
    assert (known.unit, known.interval) == (AMOUNT(4), (0, 65535))
    assert str(known) == "raw"

    def circuit(c: Circuit) -> None:
        assert_at_most(ranged(c.private("x"), 4), c.private("y", bits=8))

    compiled = build(circuit, name="ranged", strict=True)
    compiled.check(compiled.witness({"x": 15, "y": 15}))
    for x in (16, BN254.r - 1):
        with pytest.raises(UnsatisfiedConstraint) as caught:
            compiled.check(compiled.witness({"x": x, "y": 255}))
        assert caught.value.gadget == ("ranged", "to_bits")


@pytest.mark.parametrize("bits", [1, 8])
def test_a_constant_that_does_not_fit_has_no_bits(c: Circuit, bits: int) -> None:
    for constant in (c.constant(300).raw(), c.constant(BN254.r - 1), poseidon([c.constant(1), c.constant(2)])):
        for use in (to_bits, assert_bits, ranged):
            with pytest.raises(BuildError, match=r"can never hold|never fits"):
                use(constant, bits)
    assert to_bits(c.constant(1).raw(), bits)[0].constant_value == 1


def test_scales_do_not_shrink_by_accident(c: Circuit) -> None:
    with pytest.raises(BuildError, match=r"cannot be brought to e6 without rounding: round_down\(x, scale\)"):
        amount(c).at_scale(6)
    with pytest.raises(BuildError, match="has no scale"):
        c.private("plain", bits=8).at_scale(3)
    with pytest.raises(BuildError, match="overflow"):
        c.private("wide", bits=240, unit=AMOUNT(0)).at_scale(8)


def test_only_ranged_values_have_units(c: Circuit) -> None:
    with pytest.raises(BuildError, match="what has a unit has a range"):
        c.private("raw", unit=AMOUNT(8))
    with pytest.raises(BuildError, match="raw field element and cannot count"):
        c.private("raw2").counting(AMOUNT(8))
    with pytest.raises(BuildError, match="is amount e8 already"):
        amount(c).counting(AMOUNT(6))
    with pytest.raises(BuildError, match="a unit is a quantity at a scale"):
        c.private("x", bits=8, unit=AMOUNT)  # type: ignore[arg-type] # the mistake under test
    assert c.private("y", bits=8, unit=AMOUNT(8)).raw().unit is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0.5, "written as text"),
        (True, "written as text"),
        ("0.1234567", "more than 6 digits"),
        ("1e3", "not a plain decimal"),
        ("", "not a plain decimal"),
        (Decimal("1e-7"), "more than 6 digits"),
        ("1" + "0" * 71, "outside|would need|overflow"),
    ],
)
def test_constants_are_exact_or_refused(c: Circuit, value: object, reason: str) -> None:
    with pytest.raises(BuildError, match=reason):
        c.fixed(value, RATIO(6))  # type: ignore[arg-type] # some are mistakes of type


@given(st.integers(-(10**20), 10**20), st.integers(0, 12))
def test_constants_mean_what_they_say(steps: int, scale: int) -> None:
    text = f"{Decimal(steps).scaleb(-scale):f}"
    if steps:
        assert Circuit("constants").fixed(text, VALUE(scale)).interval == (steps, steps)
        assert VALUE(scale).parse(VALUE(scale).show(steps).split()[0]) == steps


def test_quantities_are_the_user_s_to_name(c: Circuit) -> None:
    btc, usd = quantity("BTC"), quantity("USD")
    rate = c.private("rate", bits=40, unit=(usd / btc)(2))
    coins = c.private("coins", bits=40, unit=btc(8))
    assert (coins * rate).unit == usd(10)
    assert str((usd / btc)(2)) == "USD/BTC e2"
    assert [str(q) for q in (PRICE, RATIO, AMOUNT * VALUE / PRICE, btc / btc, VALUE / VALUE / btc)] == [
        "price",
        "ratio",
        "amount^2",
        "ratio",
        "1/BTC",
    ]
    with pytest.raises(BuildError, match="count different things"):
        coins + c.private("dollars", bits=40, unit=usd(8))


@pytest.mark.parametrize(
    "make", [lambda: quantity("a b"), lambda: quantity(""), lambda: AMOUNT(-1), lambda: AMOUNT(101)]
)
def test_impossible_units_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(UnitError):
        make()
    with pytest.raises(UnitError):
        AMOUNT(True)


def _pay(c: Circuit) -> None:
    assert_at_most(c.private("paid", bits=64, unit=VALUE(8)), c.public("limit", bits=64, unit=VALUE(8)))


PAY = build(_pay, name="pay", strict=True)


def test_inputs_take_decimals_where_they_have_a_unit() -> None:
    assert PAY.witness({"paid": Decimal("1.5"), "limit": 200_000_000}) == PAY.witness(
        {"paid": 150_000_000, "limit": Decimal(2)}
    )
    assert PAY.inputs[0].unit == VALUE(8)
    plain = build(lambda c: assert_at_most(c.private("x", bits=8), c.constant(3)), name="plain")
    with pytest.raises(InputError, match="must be an integer, not Decimal"):
        plain.witness({"x": Decimal(1)})


@pytest.mark.parametrize(
    ("paid", "reason"),
    [
        (Decimal("1.123456789"), "has more digits after the point than value e8 holds"),
        (Decimal("NaN"), "is no decimal number"),
        (Decimal("Infinity"), "is no decimal number"),
        (Decimal("1e1000000"), "is no decimal number of a usable size"),
        (Decimal("1e-1000000"), "is no decimal number of a usable size"),
        (Decimal("-1"), r"is outside \[0, 18446744073709551615\], that is 0 value to 184467440737.09551615 value"),
        (2**64, "is outside"),
        (1.5, "must be an integer, not float"),
        ("1.5", "must be an integer, not str"),
        (BN254.r, "is outside"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(paid: object, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        PAY.witness({"paid": paid, "limit": 1})  # type: ignore[dict-item] # some are mistakes of type
    assert refused.value.name == "paid"
