"""The forms a proof comes in, told apart by their contents.

    json         snarkjs's proof.json
    compressed   128 bytes, arkworks' compressed points
    raw          256 bytes, little-endian affine coordinates
    calldata     256 bytes, big-endian words in EIP-197's order
    call         the text of `snarkjs zkey export soliditycalldata`, which has the public inputs too
    settlement   a settlement request, which has them too

Bytes may also stand as hexadecimal text after 0x. Unless a form is named, 256 bytes are raw in binary and calldata in
hexadecimal: the first is how files keep a proof, the second how it goes to a contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkmargin.algebra import Buffer, EncodingError, Engine, load_json

from .proof import Proof
from .public_signals import check_public_inputs
from .request import SettlementRequest
from .snarkjs_call import MAX_CALL_BYTES, read_call, write_call

WHAT = "proof"
PROOF_FORMS = ("json", "compressed", "raw", "calldata", "call", "settlement")
COMPRESSED_BYTES = 128
RAW_BYTES = 256
_MAX_HEX_BYTES = 2 + 2 * RAW_BYTES + 2
"""0x, the digits, and an end of line."""


@dataclass(frozen=True)
class ReadProof:
    """A proof, the form it came in, and the public inputs where that form has them."""

    proof: Proof
    form: str
    public_inputs: tuple[int, ...] | None = None

    def with_public_inputs(self, given: Sequence[int] | None) -> list[int]:
        """The public inputs from within the proof's form or from beside it; where both say some, they must agree."""
        if given is None and self.public_inputs is None:
            raise EncodingError(
                f"public inputs: a proof as {self.form} has none in it; give them", what="public inputs"
            )
        if given is None:
            return list(self.public_inputs or ())
        values = check_public_inputs(given, len(given))
        if self.public_inputs not in (None, tuple(values)):
            raise EncodingError("public inputs: not those that came with the proof", what="public inputs")
        return values


def read_proof(data: Buffer, form: str | None = None, *, engine: Engine | None = None) -> ReadProof:
    """Read a proof in the form named, else in the one its contents show."""
    form = form or proof_form(data)
    if form == "json":
        return ReadProof(Proof.from_json(data), form)
    if form == "settlement":
        request = SettlementRequest.from_json(data)
        return ReadProof(request.proof, form, request.public_inputs)
    if form == "call":
        proof, public = read_call(data)
        return ReadProof(proof, form, tuple(public))
    raw = _without_hex(data)
    if form == "compressed":
        return ReadProof(Proof.from_compressed(raw, engine=engine), form)
    if form == "raw":
        return ReadProof(Proof.from_bytes(raw), form)
    if form == "calldata":
        return ReadProof(Proof.from_calldata(raw), form)
    raise EncodingError(f"{WHAT}: there is no form {form[:40]!r}, only {', '.join(PROOF_FORMS)}", what=WHAT)


def write_proof(read: ReadProof, form: str, *, engine: Engine | None = None) -> bytes:
    """A proof in one of the binary forms, or as a call, for which its public inputs must be known."""
    if form == "compressed":
        return read.proof.to_compressed(engine=engine)
    if form == "raw":
        return read.proof.to_bytes()
    if form == "calldata":
        return read.proof.to_calldata()
    if form == "call":
        return write_call(read.proof, read.with_public_inputs(None)).encode()
    raise EncodingError(f"{WHAT}: it cannot be written as {form[:40]!r}", what=WHAT)


def proof_form(data: Buffer) -> str:
    """The form that the contents show; whether they are well-formed shows when they are read."""
    size = memoryview(data).nbytes
    beginning = bytes(memoryview(data)[:RAW_BYTES])
    if beginning.startswith(b"0x") and size > RAW_BYTES:
        return "compressed" if size <= 2 + 2 * COMPRESSED_BYTES + 2 else "calldata"
    if size == COMPRESSED_BYTES:
        return "compressed"
    if size == RAW_BYTES:
        return "raw"
    if beginning.lstrip().startswith(b"["):
        return "call"
    if beginning.lstrip().startswith(b"{"):
        value = load_json(data, WHAT, max_bytes=MAX_CALL_BYTES)
        return "settlement" if "format" in value else "json"
    raise EncodingError(
        f"{WHAT}: {size} bytes that are neither JSON, nor 0x and digits, nor {COMPRESSED_BYTES} or {RAW_BYTES} bytes",
        what=WHAT,
    )


def _without_hex(data: Buffer) -> bytes:
    """The bytes, also where they are written as 0x and digits, maybe with an end of line."""
    raw = bytes(memoryview(data)[: _MAX_HEX_BYTES + 1])
    if len(raw) in (COMPRESSED_BYTES, RAW_BYTES) or not raw.startswith(b"0x"):
        return raw
    digits = raw[2:].removesuffix(b"\n").removesuffix(b"\r")
    if len(digits) % 2 or not frozenset(b"0123456789abcdef").issuperset(digits):
        raise EncodingError(f"{WHAT}: not 0x and lower-case hexadecimal digits", what=WHAT)
    return bytes.fromhex(digits.decode())
