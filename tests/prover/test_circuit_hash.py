"""The one corner of the circuit hash that no small ceremony reaches; the rest is compared with snarkjs's files."""

from __future__ import annotations

from zkmargin.algebra import BN254, Engine
from zkmargin.prover import PowersOfTau
from zkmargin.prover.circuit_hash import _point_past_the_end
from zkmargin.prover.relations import generator


def test_the_point_past_the_end_of_the_file(engine: Engine) -> None:
    """From a ceremony of 2^15 whose key by snarkjs 0.7.6 carried the same circuit hash as ours."""
    last = bytes.fromhex(
        "a6cedce46316ced2cb1ab70430cc92f0b09c36e9447ba21aa1d2762aa3863f09"
        "d88398753f4f7f3aa54c85e40483323dc4884a70d8cbbca77cd06ff790a09c08"
    )
    tau_g2 = engine.fq_to_montgomery(generator(engine, "g2")).ljust(128 << 15, b"\0")
    ptau = PowersOfTau(BN254, 15, 15, {"tau_g2": tau_g2}, b"")
    assert _point_past_the_end(last, ptau, engine).hex() == (
        "3aa0fa6610b21dfb15f089c0004f952bba804e0cff0790047ba5cc4788c16e12"
        "41d6c1409dba8ba29880af84e2ab1d01e2d367d36f6fd456c9a6c019accb410a"
    )
