"""Phase 1: `.ptau` files and their ceremony, and what must be refused about them (S1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.algebra import EncodingError, Engine, PointError, g1_to_bytes
from zkmargin.circuits.formats.binfile import read_sections, write_sections
from zkmargin.prover import (
    CeremonyInvalid,
    KeyMismatch,
    PowersOfTau,
    apply_beacon_to_powers,
    contribute_powers,
    new_powers,
    prepare_phase2,
    read_ptau,
    setup_from_ptau,
    verify_ptau,
    write_ptau,
)
from zkmargin.prover.ptau import MAGIC, SERIES, PowersContribution, Series
from zkmargin.prover.relations import generator

from .conftest import Example


@pytest.fixture(scope="module")
def file(ptau: PowersOfTau, best_engine: Engine) -> bytes:
    return write_ptau(ptau, best_engine)


def test_a_ceremony_verifies(best_engine: Engine, ptau: PowersOfTau, file: bytes) -> None:
    verify_ptau(ptau, best_engine)
    verify_ptau(read_ptau(file, best_engine), best_engine)


def test_round_trip(best_engine: Engine, ptau: PowersOfTau, file: bytes) -> None:
    again = read_ptau(file, best_engine)
    assert again.contributions == ptau.contributions
    assert write_ptau(again, best_engine) == file
    assert write_ptau(replace(again, lagrange=None), best_engine) == file[:8] + (7).to_bytes(4, "little") + unprepared(
        file
    )


def unprepared(file: bytes) -> bytes:
    sections = read_sections(file, MAGIC, what="ptau", max_version=1)
    return write_sections(MAGIC, 1, [(n, bytes(s)) for n, s in sections.items() if n < 12])[12:]


def test_a_beacon_in_phase_one(best_engine: Engine) -> None:
    powers = contribute_powers(new_powers(1, best_engine), "a", "b", best_engine)
    closed = apply_beacon_to_powers(powers, "beacon", b"x", 10, best_engine)
    verify_ptau(closed, best_engine)
    last = closed.contributions[-1]
    lie = replace(last, parameters=replace(last.parameters, beacon_hash=b"y"))
    with pytest.raises(CeremonyInvalid) as caught:
        verify_ptau(replace(closed, contributions=(closed.contributions[0], lie)), best_engine)
    assert (caught.value.check, caught.value.contribution) == ("beacon", 2)


def test_nobody_contributed(best_engine: Engine, cubic_example: Example) -> None:
    fresh = new_powers(3, best_engine)
    with pytest.raises(CeremonyInvalid, match="nobody"):
        verify_ptau(fresh, best_engine)
    with pytest.raises(CeremonyInvalid, match="zero, one or"):
        setup_from_ptau(cubic_example.r1cs, fresh, best_engine)


def test_an_unprepared_file_gives_the_same_key(best_engine: Engine, cubic_example: Example, ptau: PowersOfTau) -> None:
    raw = replace(ptau, lagrange=None)
    assert setup_from_ptau(cubic_example.r1cs, raw, best_engine) == setup_from_ptau(
        cubic_example.r1cs, ptau, best_engine
    )


def tampered(ptau: PowersOfTau, series: Series, lagrange: bool, engine: Engine) -> PowersOfTau:
    """A valid point, the generator, in the place of the last one but one."""
    source = ptau.lagrange if lagrange else ptau.monomials
    assert source is not None
    width = ptau.width(series)
    point = engine.fq_to_montgomery(generator(engine, "g2" if series == "tau_g2" else "g1"))
    data = bytes(source[series])
    changed = {**source, series: data[: -2 * width] + point + data[-width:]}
    return replace(ptau, lagrange=changed) if lagrange else replace(ptau, monomials=changed)


@pytest.mark.parametrize("lagrange", [False, True])
@pytest.mark.parametrize("series", SERIES)
def test_s1_tampered_sections(
    best_engine: Engine, cubic_example: Example, ptau: PowersOfTau, series: Series, lagrange: bool
) -> None:
    """Refused by the whole check, and by the setup's check of what it uses."""
    bad = tampered(ptau, series, lagrange, best_engine)
    with pytest.raises(CeremonyInvalid, match=series):
        verify_ptau(bad, best_engine)
    with pytest.raises(CeremonyInvalid, match=series):
        setup_from_ptau(cubic_example.r1cs, bad, best_engine)


def test_s1_another_beta_in_g2(best_engine: Engine, ptau: PowersOfTau) -> None:
    bad = replace(ptau, beta_g2=best_engine.fq_to_montgomery(generator(best_engine, "g2")))
    with pytest.raises(CeremonyInvalid) as caught:
        verify_ptau(bad, best_engine)
    assert caught.value.check == "beta_g2"


def test_s1_tau_zero(best_engine: Engine, ptau: PowersOfTau) -> None:
    zero = bytes(memoryview(ptau.monomials["tau_g1"])[:64]) + bytes(len(ptau.monomials["tau_g1"]) - 64)
    with pytest.raises(CeremonyInvalid, match="zero, one or"):
        verify_ptau(replace(ptau, monomials={**ptau.monomials, "tau_g1": zero}), best_engine)


def changed(step: PowersContribution, part: str) -> PowersContribution:
    g1 = g1_to_bytes([(1, 2)])
    if part in ("tau", "alpha", "beta"):
        return replace(step, **{part: replace(getattr(step, part), g1_sx=g1)})
    if part == "next_challenge":
        return replace(step, next_challenge=bytes(64))
    if part == "partial_hash":
        return replace(step, partial_hash=bytes(216))
    return replace(step, **{part: step.tau.g2_spx if part.endswith("g2") else g1})


@pytest.mark.parametrize(
    "part",
    [
        "tau", "alpha", "beta", "tau_g1", "tau_g2", "alpha_g1", "beta_g1", "beta_g2", "next_challenge", "partial_hash",
    ],
)  # fmt: skip
def test_s1_broken_chains(best_engine: Engine, ptau: PowersOfTau, part: str) -> None:
    first, last = ptau.contributions
    with pytest.raises(CeremonyInvalid):
        verify_ptau(replace(ptau, contributions=(first, changed(last, part))), best_engine)
    if part != "partial_hash":  # of an earlier contribution it is a record that no check can rest on
        with pytest.raises(CeremonyInvalid):
            verify_ptau(replace(ptau, contributions=(changed(first, part), last)), best_engine)


def test_s1_steps_left_out_or_swapped(best_engine: Engine, ptau: PowersOfTau) -> None:
    first, last = ptau.contributions
    for steps in ((first,), (last,), (last, first), (first, last, last)):
        with pytest.raises(CeremonyInvalid):
            verify_ptau(replace(ptau, contributions=steps), best_engine)


def test_points_off_the_curve(best_engine: Engine, cubic_example: Example, ptau: PowersOfTau) -> None:
    for series in SERIES:
        data = bytearray(ptau.monomials[series])
        data[ptau.width(series) + 1] ^= 1
        bad = replace(ptau, monomials={**ptau.monomials, series: bytes(data)})
        for run in (
            lambda bad=bad: verify_ptau(bad, best_engine),
            lambda bad=bad: setup_from_ptau(cubic_example.r1cs, bad, best_engine),
        ):
            with pytest.raises((PointError, CeremonyInvalid)):
                run()


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15])
def test_missing_short_and_long_sections(best_engine: Engine, file: bytes, number: int) -> None:
    sections = {n: bytes(s) for n, s in read_sections(file, MAGIC, what="ptau", max_version=1).items()}
    content = sections.pop(number)
    for broken in (None, content[:-1], content + b"\0"):
        listed = list(sections.items()) + ([] if broken is None else [(number, broken)])
        with pytest.raises(EncodingError):
            read_ptau(write_sections(MAGIC, 1, listed), best_engine)


@pytest.mark.parametrize(("offset", "value"), [(0, 48), (4, 0), (36, 0), (36, 29), (36, 2**32 - 1), (40, 1), (40, 29)])
def test_headers_out_of_range(best_engine: Engine, file: bytes, offset: int, value: int) -> None:
    sections = {n: bytearray(s) for n, s in read_sections(file, MAGIC, what="ptau", max_version=1).items()}
    sections[1][offset : offset + 4] = value.to_bytes(4, "little")
    with pytest.raises(EncodingError):
        read_ptau(write_sections(MAGIC, 1, [(n, bytes(s)) for n, s in sections.items()]), best_engine)


def test_a_cut_down_file_takes_no_contributions(best_engine: Engine, ptau: PowersOfTau) -> None:
    with pytest.raises(KeyMismatch):
        contribute_powers(replace(ptau, ceremony_power=4), "a", "b", best_engine)


@pytest.mark.parametrize("power", [0, -1, 28])
def test_powers_out_of_range(best_engine: Engine, power: int) -> None:
    with pytest.raises(KeyMismatch):
        new_powers(power, best_engine)


def test_preparing_twice_changes_nothing(best_engine: Engine, ptau: PowersOfTau) -> None:
    assert prepare_phase2(ptau, best_engine) == ptau


def test_s1_a_setup_needs_alpha_and_beta_of_somebody(
    best_engine: Engine, cubic_example: Example, ptau: PowersOfTau
) -> None:
    """With alpha = beta = 1 and a real tau, every later file verifies, and anybody can forge."""
    engine = best_engine
    for series in ("alpha_g1", "beta_g1"):
        width = len(ptau.monomials[series])
        for negate in (False, True):
            points = bytes(memoryview(ptau.monomials["tau_g1"])[:width])
            sign = engine.g1_neg if negate else bytes
            points = engine.fq_to_montgomery(sign(engine.fq_from_montgomery(points)))
            bad = replace(ptau, monomials={**ptau.monomials, series: points})
            with pytest.raises(CeremonyInvalid) as caught:
                setup_from_ptau(cubic_example.r1cs, bad, engine)
            assert caught.value.check == series


def test_s1_a_setup_notices_another_beta_in_g2(best_engine: Engine, cubic_example: Example, ptau: PowersOfTau) -> None:
    twice = best_engine.g2_multiples(generator(best_engine, "g2"), (2).to_bytes(32, "little"))
    bad = replace(ptau, beta_g2=best_engine.fq_to_montgomery(twice))
    with pytest.raises(CeremonyInvalid, match="beta differs"):
        setup_from_ptau(cubic_example.r1cs, bad, best_engine)
