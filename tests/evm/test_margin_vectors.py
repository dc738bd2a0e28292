"""The published margin proofs, which the real circuit made, on a chain; and the key they are under."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zkmargin.verifier import KeyRejected, Proof, VerifyingKey, read_public_signals
from zkmargin.verifier.evm.contracts import verifier_contract
from zkmargin.verifier.evm.encoding import proof_words

from .chain import Chain

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "margin" / "small.json").read_text())
KEY = VerifyingKey.from_json(VECTORS["verification_key"])
PROVEN: list[dict[str, Any]] = [case for case in VECTORS["cases"] if "proof" in case]


def test_a_real_margin_proof_holds_with_its_target_in_the_code(node: Chain) -> None:
    (case,) = [case for case in PROVEN if case.get("expect", "ok") == "ok"]
    target, *inputs = read_public_signals(case["public"])
    words = proof_words(Proof.from_json(case["proof"]))
    contract = node.deploy(verifier_contract(KEY, [target], allow_development=True))
    assert contract.functions.verify(words, inputs).call() is True
    assert contract.functions.verify_many([words] * 2, [inputs] * 2).call() is True
    for index in range(len(inputs)):
        changed = [x ^ (i == index) for i, x in enumerate(inputs)]
        assert contract.functions.verify(words, changed).call() is False
    elsewhere = node.deploy(verifier_contract(KEY, [target + 1], allow_development=True))
    assert elsewhere.functions.verify(words, inputs).call() is False


def test_a_development_key_is_refused_unless_allowed() -> None:
    with pytest.raises(KeyRejected):
        verifier_contract(KEY)
