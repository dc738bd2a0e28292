"""Secret scalars are those of the system's random bits that are below r and not 0."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from zkmargin.algebra import BN254
from zkmargin.prover.secret_scalar import secret_scalar

R = BN254.r


def little(number: int) -> bytes:
    return number.to_bytes(32, "little")


def test_what_is_0_or_not_below_r_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    unused = 3 << 254
    draws = iter(
        [little(0), little(R), little((1 << 254) - 1), little(unused), little(R - 1), little(1), little(unused | 5)]
    )
    monkeypatch.setattr(os, "urandom", lambda count: next(draws) if count == 32 else b"")
    assert [secret_scalar() for _ in range(3)] == [R - 1, 1, 5]


def test_every_scalar_of_a_small_curve_comes() -> None:
    small = replace(BN254, r=11)
    assert {secret_scalar(small) for _ in range(1000)} == set(range(1, 11))


def test_no_two_are_the_same() -> None:
    drawn = {secret_scalar() for _ in range(100)}
    assert len(drawn) == 100
    assert max(drawn).bit_length() > 245
