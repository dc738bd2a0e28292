"""Files with a proof in them, in whichever form."""

from __future__ import annotations

from pathlib import Path

from zkmargin.algebra import Engine, PointError
from zkmargin.verifier.proof_forms import ReadProof, proof_form, read_proof, write_proof

from .files import NewFile, json_bytes, read_file

WRITTEN_FORMS = ("json", "compressed", "raw", "calldata", "hex", "compressed-hex", "call")


def read_proof_file(path: Path, form: str | None, engine: Engine) -> ReadProof:
    """The proof in a file, in the form named or the one that its contents show; each form has its own limit below."""
    data = read_file(path, "calldata")
    try:
        return read_proof(data, form, engine=engine)
    except PointError as problem:
        if form is None and proof_form(data) == "raw":
            text = f"{problem}; 256 binary bytes are read as raw, where the form is not said to be calldata"
            raise PointError(text, what=problem.what, index=problem.index) from None
        raise


def proof_file(path: Path, read: ReadProof, form: str, engine: Engine) -> NewFile:
    """The file that holds this proof in another form; the hexadecimal ones end their only line."""
    if form == "json":
        return NewFile(path, json_bytes(read.proof.to_json()))
    if form == "compressed-hex":
        return NewFile(path, f"{read.proof.to_hex(engine=engine)}\n".encode())
    if form == "hex":
        return NewFile(path, f"0x{read.proof.to_calldata().hex()}\n".encode())
    return NewFile(path, write_proof(read, form, engine=engine))
