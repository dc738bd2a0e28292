"""Of several bad points the first is named, whatever is wrong with those after it."""

from __future__ import annotations

import pytest

from zkmargin.algebra import BN254, Engine, PointError, g1_to_bytes, g2_to_bytes

Q = BN254.q
G1, G2 = g1_to_bytes([BN254.g1]), g2_to_bytes([BN254.g2])


@pytest.mark.parametrize("after", [Q.to_bytes(32, "little"), (3).to_bytes(32, "little")], ids=["q", "3"])
@pytest.mark.parametrize(("group", "good"), [("g1", G1), ("g2", G2)], ids=["G1", "G2"])
def test_the_first_bad_point_is_named(engine: Engine, group: str, good: bytes, after: bytes) -> None:
    off = bytes([good[0] ^ 1]) + good[1:]
    later = after + good[32:]
    with pytest.raises(PointError, match="not on the curve") as caught:
        getattr(engine, f"{group}_bases")(good + off + later)
    assert caught.value.index == 1
