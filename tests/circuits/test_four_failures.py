"""What authors of circuits lose the most to, each caught: wrap-around nobody sees, hints nobody constrains, errors that
name no line and no value, comparisons of values that were never ranged."""

from __future__ import annotations

import pytest

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    AMOUNT,
    PRICE,
    VALUE,
    BuildError,
    Circuit,
    CircuitWarning,
    UnsatisfiedConstraint,
    assert_at_most,
    assert_equal,
    assert_less,
    build,
    is_at_most,
    pack,
    to_bits,
)


class TestWrapAround:
    def test_a_product_that_could_pass_the_modulus_is_refused_with_its_widths(self) -> None:
        def circuit(c: Circuit) -> None:
            price, amount = c.private("price", bits=200), c.private("amount", bits=64)
            assert_at_most(price * amount, c.public("limit", bits=64))

        with pytest.raises(BuildError, match=r"overflow: price \* amount needs 264 bits.*price has 200 bits") as caught:
            build(circuit, name="wrap")
        assert caught.value.text == "price * amount"

    def test_a_long_sum_names_its_widest_term(self) -> None:
        def circuit(c: Circuit) -> None:
            less, wide = c.private("less", bits=240), c.private("wide", bits=200)
            wide * 2**52 + less * 2**12

        with pytest.raises(BuildError, match=r"overflow: .*needs 253 bits.*\(2\^52\*wide has 252 bits\)"):
            build(circuit, name="wrap")

    def test_negative_collateral_does_not_pass_for_a_fortune(self) -> None:
        """In the field -1 is r - 1, larger than any requirement."""

        def circuit(c: Circuit) -> None:
            gain, loss = c.private("gain", bits=64), c.private("loss", bits=64)
            assert_at_most(c.public("margin", bits=64), gain - loss)

        compiled = build(circuit, name="negative", strict=True)
        compiled.check(compiled.witness({"gain": 9, "loss": 4, "margin": 5}))
        with pytest.raises(UnsatisfiedConstraint):
            compiled.check(compiled.witness({"gain": 4, "loss": 9, "margin": 5}))

    def test_a_decomposition_of_as_many_bits_as_the_modulus_is_refused(self) -> None:
        with pytest.raises(BuildError, match="two decompositions"):
            build(lambda c: to_bits(c.private("x"), 254), name="alias")

    def test_words_that_might_overlap_are_not_packed(self) -> None:
        with pytest.raises(BuildError, match="not known to fit"):
            build(lambda c: pack([c.private("x", bits=65), c.private("y", bits=64)], 64), name="overlap")

    def test_the_field_wraps_only_where_it_is_asked_to(self) -> None:
        with pytest.raises(BuildError, match="mixes the raw field element"):
            build(lambda c: c.private("hash") + c.private("amount", bits=64), name="mixed")


class TestForgottenHints:
    def test_a_hint_that_nothing_constrains_is_reported_and_refused(self) -> None:
        def circuit(c: Circuit) -> None:
            total, parts = c.public("total", bits=32), c.private("parts", bits=8)
            share, _ = c.hint_divmod(total, parts)
            assert_at_most(parts, total)
            share + 1

        with pytest.warns(CircuitWarning, match=r"hint 'quotient_.* is built and never used"):
            build(circuit, name="forgotten")
        with pytest.raises(BuildError, match=r"hint 'quotient_.* is built and never used"):
            build(circuit, name="forgotten", strict=True)

    def test_an_input_that_nothing_constrains_is_refused(self) -> None:
        with pytest.raises(BuildError, match="public input 'beneficiary' stands in no constraint"):
            build(lambda c: c.public("beneficiary"), name="free", strict=True)

    def test_a_verdict_that_nobody_asserts_is_refused(self) -> None:
        def circuit(c: Circuit) -> None:
            is_at_most(c.public("margin", bits=64), c.private("collateral", bits=64))

        with pytest.raises(BuildError, match=r"the result of is_at_most\(\) is built and never used"):
            build(circuit, name="verdict", strict=True)


class TestErrorsThatSayNothing:
    def test_a_false_statement_names_line_expression_and_values_in_units(self) -> None:
        def circuit(c: Circuit) -> None:
            coins = c.private("coins", bits=64, unit=AMOUNT(8))
            price = c.public("price", bits=64, unit=PRICE(8))
            margin = c.public("margin", bits=64, unit=VALUE(8))
            assert_at_most(margin.at_scale(16), coins * price)

        compiled = build(circuit, name="covered", strict=True)
        with pytest.raises(UnsatisfiedConstraint) as caught:
            compiled.check(compiled.witness({"coins": 150_000_000, "price": 2_000_000_000, "margin": 3_100_000_000}))
        problem = caught.value
        assert problem.gadget[0] == "assert_at_most"
        assert problem.line == circuit.__code__.co_firstlineno + 4
        assert problem.text == "assert_at_most(margin.at_scale(16), coins * price)"
        assert problem.operands == {"a": "31 value", "b": "30 value"}

    def test_a_mistake_while_building_names_line_and_expression(self) -> None:
        with pytest.raises(BuildError) as caught:
            build(lambda c: assert_equal(c.private("x", bits=4), c.constant(99)), name="never")
        assert caught.value.file == "test_four_failures.py"
        assert "can never hold" in caught.value.reason
        assert caught.value.text.startswith("assert_equal(")


class TestUnrangedComparisons:
    @pytest.mark.parametrize("compare", [assert_at_most, assert_less, is_at_most])
    def test_values_without_a_range_have_no_order(self, compare: object) -> None:
        with pytest.raises(BuildError, match=r"raw field element has no order.*bits="):
            build(lambda c: compare(c.private("a"), c.private("b", bits=64)), name="raw")  # type: ignore[operator]

    def test_a_difference_of_raw_values_has_none_either(self) -> None:
        with pytest.raises(BuildError, match="has no order"):
            build(lambda c: assert_at_most(c.constant(0), c.private("a") - c.private("b")), name="raw")

    def test_a_value_outside_its_declared_range_cannot_be_proven(self) -> None:
        """The range is a constraint and not a comment: a prover who skips the check of inputs gains nothing."""
        compiled = build(lambda c: assert_at_most(c.private("x", bits=8), c.constant(200)), name="ranged", strict=True)
        for forged in (256, BN254.r - 1, 2**253):
            witness = compiled.program.run(forged.to_bytes(32, "little"))
            with pytest.raises(UnsatisfiedConstraint) as caught:
                compiled.check(witness)
            assert caught.value.gadget == ("range_check",)
