"""`verify`, `export proof` and `inspect` take a proof in every form, and say what none of them is."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkmargin.cli.proof_files import WRITTEN_FORMS
from zkmargin.verifier import Proof

from .conftest import Done, MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")

SIZES = {"compressed": 128, "raw": 256, "calldata": 256, "hex": 2 + 512 + 1, "compressed-hex": 2 + 256 + 1}
READ_AS = {"hex": "calldata", "compressed-hex": "compressed"}


@pytest.fixture(scope="module")
def forms(shared: MarginFiles, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The settlement's proof, written in each form."""
    root = tmp_path_factory.mktemp("forms")
    paths = {form: root / form for form in WRITTEN_FORMS}
    for form, path in paths.items():
        done = invoke("export", "proof", shared / "settlement.json", path, "--as", form, "--json")
        assert done.code == 0, done.stderr
        assert (done.json["from"], done.json["as"]) == ("settlement", form)
    return paths


def verify(shared: MarginFiles, *arguments: object) -> Done:
    key = ("--key", shared / "verification_key.json", "--allow-development-key")
    return invoke("verify", *key, *arguments, "--json")


@pytest.mark.parametrize("form", WRITTEN_FORMS)
def test_each_form_verifies(shared: MarginFiles, forms: dict[str, Path], form: str) -> None:
    options = ["--form", "calldata"] if form == "calldata" else []
    public = [] if form == "call" else [public_of(shared, forms)]
    done = verify(shared, forms[form], *public, *options)
    assert done.code == 0, done.stderr
    assert done.json["form"] == READ_AS.get(form, form)
    assert done.json["public_inputs"] == 7
    if form in SIZES:
        assert forms[form].stat().st_size == SIZES[form]


def public_of(shared: MarginFiles, forms: dict[str, Path]) -> Path:
    path = forms["json"].with_name("public.json")
    if not path.exists():
        assert invoke("export", "public", shared / "settlement.json", path).code == 0
    return path


def test_a_settlement_verifies_by_itself(shared: MarginFiles, forms: dict[str, Path]) -> None:
    assert verify(shared, shared / "settlement.json").json["form"] == "settlement"
    assert verify(shared, shared / "settlement.json", public_of(shared, forms)).code == 0


def test_other_public_inputs_beside_than_within(shared: MarginFiles, forms: dict[str, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(public_of(shared, forms).read_text())
    edited(other, lambda values: values.__setitem__(3, str(int(values[3]) + 1)))
    done = verify(shared, forms["call"], other)
    assert done.code == 2
    assert "not those that came with the proof" in done.stderr
    assert verify(shared, forms["raw"], other).code == 1


@pytest.mark.parametrize("form", ["json", "compressed", "raw", "hex"])
def test_public_inputs_are_asked_for(shared: MarginFiles, forms: dict[str, Path], form: str) -> None:
    done = verify(shared, forms[form])
    assert done.code == 2
    assert "give them" in done.stderr


def test_a_form_named_wrongly(shared: MarginFiles, forms: dict[str, Path]) -> None:
    public = public_of(shared, forms)
    for form in ("compressed", "calldata", "json", "call", "settlement"):
        assert verify(shared, forms["raw"], public, "--form", form).code == 2
    unnamed = verify(shared, forms["calldata"], public)
    assert unnamed.code == 2
    assert "256 binary bytes are read as raw" in unnamed.stderr


def test_every_form_becomes_every_other(shared: MarginFiles, forms: dict[str, Path], tmp_path: Path) -> None:
    expected = {form: path.read_bytes() for form, path in forms.items()}
    public = public_of(shared, forms)
    for form, path in forms.items():
        named = ["--form", "calldata"] if form == "calldata" else []
        for written in WRITTEN_FORMS:
            out = tmp_path / f"{form}-{written}"
            done = invoke("export", "proof", path, out, "--as", written, "--public", public, *named)
            assert done.code == 0, done.stderr
            assert out.read_bytes() == expected[written]


def test_a_call_needs_public_inputs(forms: dict[str, Path], tmp_path: Path) -> None:
    done = invoke("export", "proof", forms["raw"], tmp_path / "call", "--as", "call")
    assert done.code == 2
    assert not (tmp_path / "call").exists()


def test_the_call_is_printed_in_snarkjs_words(shared: MarginFiles, forms: dict[str, Path]) -> None:
    public = public_of(shared, forms)
    done = invoke("zkey", "export", "soliditycalldata", public, forms["json"])
    assert done.code == 0, done.stderr
    assert done.stdout.rstrip("\n") == forms["call"].read_text()


@pytest.mark.parametrize("form", [form for form in WRITTEN_FORMS if form != "calldata"])
def test_inspect(forms: dict[str, Path], form: str) -> None:
    done = invoke("inspect", forms[form], "--json")
    assert done.code == 0, done.stderr
    assert done.json["form"] == READ_AS.get(form, form)
    assert done.json["compressed"] == Proof.from_json(forms["json"].read_bytes()).to_hex()
    assert ("public_inputs" in done.json) == (form == "call")


def test_the_ledger_takes_a_settlement_with_its_proof_as_text(
    shared: MarginFiles, forms: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "settlement.json"
    path.write_text((shared / "settlement.json").read_text())
    edited(path, lambda document: document.__setitem__("proof", forms["compressed-hex"].read_text().strip()))
    assert verify(shared, path).json["form"] == "settlement"
