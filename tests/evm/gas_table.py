"""docs/gas.md: what each operation costs on the pinned node, beside snarkjs's verifier and the floor.

`python -m tests.evm.gas_table` writes the page; a test holds it against what is measured. Gas is a number of the
protocol and the code, so they agree to the unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zkmargin.algebra import Engine, get_engine
from zkmargin.verifier.evm.compile import Compiled, compile_contract
from zkmargin.verifier.evm.encoding import proof_words, request_tuple
from zkmargin.verifier.evm.key_points import key_points
from zkmargin.verifier.evm.solidity import solidity_verifier
from zkmargin.verifier.evm.vyper_key import vyper_key_module

from ..verifier.trapdoor import Trapdoor
from . import gas_floor
from .anvil import running_anvil
from .chain import Chain
from .solc import compile_solidity, snarkjs_verifier
from .world import CHAINS, KEYS, NOW, START, EvmWorld

PAGE = Path(__file__).parents[2] / "docs" / "gas.md"
TARGET = 77
INPUTS = [int.from_bytes(bytes([i + 1] * 31), "big") for i in range(6)]
BATCHES = (1, 2, 4, 8, 16, 32)
Row = tuple[str, int, str]

_HEAD = """# Gas

Measured on anvil {version}, hard fork Prague, as whole transactions: 21,000 and the calldata are in each figure.
`python -m tests.evm.gas_table` writes this page, and a test compares it to the unit.

The floor is a contract in bare bytecode that calls the same precompiles, touches the same storage slots, and does
nothing else, with the same calldata: for one proof, a multiplication and an addition for each public input and a
pairing of four pairs.
"""


def page(engine: Engine) -> str:
    """The text of docs/gas.md."""
    with running_anvil() as url:
        chain = Chain(url)
        version = str(chain.web3.client_version).partition("/v")[2].partition("-")[0]
        parts = [_HEAD.format(version=version)]
        parts.append(_section("One proof", ("verifier", "gas", "above its floor"), one_proof(chain, engine)))
        parts.append(_section("Many proofs in one call", ("proofs", "gas", "for each"), many_proofs(chain, engine)))
    with running_anvil() as url:
        rows = list(ledger(EvmWorld(Chain(url), engine)))
    parts.append(_section("The ledger", ("operation", "gas", "note"), rows))
    return "\n".join(parts)


def one_proof(chain: Chain, engine: Engine) -> Iterator[Row]:
    trapdoor = Trapdoor(engine, 7)
    words, inputs = proof_words(trapdoor.forge([TARGET, *INPUTS])), [TARGET, *INPUTS]
    plain, folded = key_points(trapdoor.key), key_points(trapdoor.key, [TARGET])
    floor = {n: _bare(chain, words, inputs[-n:]) for n in (7, 6)}

    def row(name: str, compiled: Compiled, function: str, n: int, *arguments: Any) -> Row:
        gas = _used(chain, chain.deploy(compiled).functions[function](*arguments))
        return name, gas, _above(gas, floor[n])

    a, b, c = words[:2], [words[2:4], words[4:6]], words[6:]
    snarkjs, ours, ours_folded = compile_solidity(
        snarkjs_verifier(trapdoor.key.to_json()), solidity_verifier(plain), solidity_verifier(folded)
    )
    yield "7 inputs: floor", floor[7], ""
    yield row("7 inputs: snarkjs's Solidity", snarkjs, "verifyProof", 7, a, b, c, inputs)
    yield row("7 inputs: our Solidity", ours, "verify", 7, words, inputs)
    yield row("7 inputs: our Vyper", _vyper(plain), "verify", 7, words, inputs)
    yield "6 inputs, the target folded into the key: floor", floor[6], ""
    yield row("6 inputs, folded: our Solidity", ours_folded, "verify", 6, words, INPUTS)
    yield row("6 inputs, folded: our Vyper", _vyper(folded), "verify", 6, words, INPUTS)


def many_proofs(chain: Chain, engine: Engine) -> Iterator[Row]:
    trapdoor = Trapdoor(engine, 7)
    contract = chain.deploy(_vyper(key_points(trapdoor.key, [TARGET])))
    for count in BATCHES:
        rows = [[INPUTS[0] + i, *INPUTS[1:]] for i in range(count)]
        proofs = [proof_words(trapdoor.forge([TARGET, *row], a=7 + i)) for i, row in enumerate(rows)]
        gas = _used(chain, contract.functions.verify_many(proofs, rows))
        yield str(count), gas, f"{gas // count:,}"


def ledger(world: EvmWorld) -> Iterator[Row]:
    chain, functions = world.chain, world.functions
    block = chain.web3.eth.get_block("latest")
    yield "deploy", int(block["gasUsed"]), f"{len(world.compiled.runtime):,} bytes of code"
    world.prepare()
    first = _used(chain, functions.accept(request_tuple(world.request(1))))
    yield "accept, the first of an account", first, "its slots are new"
    arguments = request_tuple(world.request(2, account=1, sequence=2))
    gas, floor = _used(chain, functions.accept(arguments)), _accept_floor(world, arguments)
    yield "accept, the next of an account", gas, f"floor {floor:,}: {_above(gas, floor)}"
    yield from _batches(world)
    for signers in (2, 3):
        gas = _used(chain, world.attest_call(5, NOW + signers, KEYS[:signers]))
        yield f"attest_risk_root, {signers} signatures", gas, "a new time"
    for signers in (2, 3):
        call = world.observe_call(CHAINS[0], 10 + signers, 50 + signers, NOW, keys=KEYS[1 : 1 + signers])
        yield f"attest_source_root, {signers} signatures", _used(chain, call), "a new epoch"
    settlement = (2).to_bytes(32, "big")
    yield "repay", _used(chain, functions.repay(settlement, 10)), ""
    yield "release", _used(chain, functions.release(settlement)), ""
    yield "release_account", _used(chain, functions.release_account(1_000_001, 9)), ""
    yield "trip", _used(chain, functions.trip("looking", 0)), ""
    yield "reset", _used(chain, functions.reset("looked", 0)), ""
    yield "pause", _used(chain, functions.pause()), ""
    yield "retract_root, two epochs", _used(chain, functions.retract_root(CHAINS[0], 12, "reorganised")), ""


def _batches(world: EvmWorld) -> Iterator[Row]:
    """Each over accounts that have been credited before."""
    used = 100
    known = list(range(used, used + max(BATCHES)))
    warm = [request_tuple(world.request(number)) for number in known]
    world.chain.send(world.functions.accept_many(warm))
    for count in BATCHES[1:]:
        used += 100
        requests = [request_tuple(world.request(used + i, account=known[i], sequence=used)) for i in range(count)]
        gas = _used(world.chain, world.functions.accept_many(requests))
        yield f"accept_many, {count} accounts credited before", gas, f"{gas // count:,} each"


def _accept_floor(world: EvmWorld, arguments: Any) -> int:
    """The precompiles, 6 slots read of which 2 are written again, and 2 slots new: nullifier and settlement."""
    data = bytes.fromhex(world.contract.encode_abi("accept", [arguments])[2:])
    nullifier, settlement = len(data) - 8 * 32, len(data) - 32
    runtime = gas_floor.groth16(6)
    slots = [(1 << 128) + i for i in range(6)]  # none of which the calldata names
    runtime += b"".join(map(gas_floor.read, slots[:4]))  # root, risk root, the source's breaker, the holder
    runtime += b"".join(gas_floor.overwrite(slot, settlement) for slot in slots[4:])  # account, the whole's meter
    runtime += gas_floor.store_new(settlement) + gas_floor.store_new(nullifier)
    bare = world.chain.deploy_code([], gas_floor.initcode(runtime))
    before = data[:-32] + bytes([1] * 32)
    _raw(world.chain, bare.address, before[:nullifier] + bytes([2] * 32) + before[nullifier + 32 :])
    return _raw(world.chain, bare.address, data)


def _bare(chain: Chain, words: list[int], inputs: list[int]) -> int:
    """The floor of one proof, with the calldata of verify."""
    bare = chain.deploy_code([], gas_floor.initcode(gas_floor.groth16(len(inputs))))
    return _raw(chain, bare.address, bytes(4) + b"".join(x.to_bytes(32, "big") for x in (*words, *inputs)))


def _vyper(points: Any) -> Compiled:
    return compile_contract("Groth16Verifier", {"verifying_key": vyper_key_module(points)})


def _used(chain: Chain, call: Any) -> int:
    """The gas of a transaction; the clock goes on by a second each, whatever the machine does."""
    latest = chain.web3.eth.get_block("latest")["timestamp"] * 1000
    chain.set_time(max(START, latest + 1000))
    return int(chain.send(call)["gasUsed"])


def _raw(chain: Chain, address: str, data: bytes) -> int:
    transaction = chain.web3.eth.send_transaction(
        {"from": chain.accounts[0], "to": address, "data": data, "gas": 1_000_000}
    )
    receipt = chain.web3.eth.wait_for_transaction_receipt(transaction, poll_latency=0.01)
    assert receipt["status"] == 1
    return int(receipt["gasUsed"])


def _above(gas: int, floor: int) -> str:
    return f"+{gas - floor:,} ({100 * (gas - floor) / floor:.1f} %)"


def _section(title: str, columns: tuple[str, str, str], rows: Iterator[Row] | list[Row]) -> str:
    lines = [f"## {title}", "", "| " + " | ".join(columns) + " |", "| --- | ---: | --- |"]
    lines += [f"| {name} | {gas:,} | {note} |" for name, gas, note in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    PAGE.write_text(page(get_engine()))


if __name__ == "__main__":
    main()
