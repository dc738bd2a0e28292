""".r1cs, .wtns and .sym: round trips, the layout as specified, and files that lie, are cut, or damaged anywhere."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from zkmargin.algebra import BN254, EncodingError, SparseMatrix, scalars_to_bytes
from zkmargin.circuits import R1CS, Circuit, FormatError, assert_bits, assert_equal, build, poseidon
from zkmargin.circuits.formats import (
    Symbol,
    each_symbol,
    names_by_wire,
    read_r1cs,
    read_sections,
    read_sym,
    read_wtns,
    write_r1cs,
    write_sections,
    write_sym,
    write_wtns,
)
from zkmargin.circuits.formats.r1cs_file import OWN_SECTION
from zkmargin.circuits.formats.sym_file import MAX_LINE

R = BN254.r


def matrix(*rows: dict[int, int]) -> SparseMatrix:
    return SparseMatrix.from_rows([[(wire, k % R) for wire, k in row.items()] for row in rows], 4)


def example(**changes: object) -> R1CS:
    """out = x * x, x small enough to look at, and a linear constraint with an empty side."""
    r1cs = R1CS(
        n_wires=4,
        n_public_outputs=1,
        n_public_inputs=0,
        n_private_inputs=1,
        a=matrix({2: 1}, {3: -1, 1: 1}),
        b=matrix({2: 1}, {0: 1}),
        c=matrix({3: 1}, {}),
        wire_labels=(0, 1, 2, 7),
        metadata={"kind": "square"},
    )
    return replace(r1cs, **changes)


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def test_the_layout_is_iden3_s() -> None:
    """Spelled out from the format's description, term by term."""
    prime = R.to_bytes(32, "little")

    def term(wire: int, coefficient: int) -> bytes:
        return u32(wire) + (coefficient % R).to_bytes(32, "little")

    header = u32(32) + prime + u32(4, 1, 0, 1) + struct.pack("<Q", 8) + u32(2)
    first = u32(1) + term(2, 1) + u32(1) + term(2, 1) + u32(1) + term(3, 1)
    second = u32(2) + term(3, -1) + term(1, 1) + u32(1) + term(0, 1) + u32(0)
    labels = struct.pack("<4Q", 0, 1, 2, 7)
    own = b'{"kind":"square"}'
    expected = b"r1cs" + u32(1, 4)
    for number, content in ((1, header), (2, first + second), (3, labels), (OWN_SECTION, own)):
        expected += u32(number) + struct.pack("<Q", len(content)) + content
    assert write_r1cs(example()) == expected
    assert read_r1cs(expected) == example()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"metadata": None},
        {"metadata": {}},
        {"wire_labels": None},
        {"wire_labels": None, "n_labels": 9},
        {"n_labels": 2**64 - 1},
        {"n_private_inputs": 6},  # declared, and without a wire, as circom leaves unneeded ones
    ],
)
def test_circuits_survive_the_file(changes: dict[str, object]) -> None:
    r1cs = example(**changes)
    again = read_r1cs(write_r1cs(r1cs))
    assert again == r1cs
    assert again.digest() == r1cs.digest()


def test_a_compiled_circuit_survives_the_file() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", bits=20)
        assert_equal(c.public("y"), poseidon([x * x, x]))

    compiled = build(circuit, name="compiled", metadata={"x": [1, "two", None, True]})
    again = read_r1cs(memoryview(write_r1cs(compiled.r1cs)))
    assert again == compiled.r1cs
    assert again.digest() == compiled.digest


def test_a_circuit_without_constraints_survives_the_file() -> None:
    empty = matrix()
    r1cs = example(a=empty, b=empty, c=empty, wire_labels=None)
    assert read_r1cs(write_r1cs(r1cs)) == r1cs


def sections_of(data: bytes, magic: bytes) -> list[tuple[int, bytes]]:
    return [(n, bytes(s)) for n, s in read_sections(data, magic, what="test", max_version=9).items()]


def with_section(number: int, change: Callable[[bytes], bytes]) -> bytes:
    parts = [(n, change(s) if n == number else s) for n, s in sections_of(write_r1cs(example()), b"r1cs")]
    return write_sections(b"r1cs", 1, parts)


def header_field(index: int, value: int) -> bytes:
    place = 36 + 4 * index + (4 if index > 4 else 0)
    return with_section(1, lambda s: s[:place] + u32(value) + s[place + 4 :])


def without(number: int) -> bytes:
    return write_sections(b"r1cs", 1, [(n, s) for n, s in sections_of(write_r1cs(example()), b"r1cs") if n != number])


R1CS_LIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "too few"),
    "another kind of file": (lambda: write_wtns(scalars_to_bytes([1])), "another kind of file"),
    "version 2": (lambda: b"r1cs" + u32(2) + write_r1cs(example())[8:], "version 2"),
    "version 0": (lambda: b"r1cs" + u32(0) + write_r1cs(example())[8:], "version 0"),
    "no header": (lambda: without(1), "section 1 is missing"),
    "no constraints": (lambda: without(2), "section 2 is missing"),
    "no labels": (lambda: without(3), "section 3 is missing"),
    "a long header": (lambda: with_section(1, lambda s: s + b"\0"), "its header has"),
    "another prime": (lambda: with_section(1, lambda s: s[:4] + (R - 2).to_bytes(32, "little") + s[36:]), "field"),
    "elements of 64 bytes": (lambda: with_section(1, lambda s: u32(64) + s[4:]), "field"),
    "2^32 - 1 wires": (lambda: header_field(0, 2**32 - 1), "labels"),
    "no wires": (lambda: header_field(0, 0), "fewer wires"),
    "more public inputs than wires": (lambda: header_field(2, 3), "fewer wires"),
    "2^32 - 1 public inputs": (lambda: header_field(2, 2**32 - 1), "fewer wires"),
    "more private inputs than labels": (lambda: header_field(3, 7), "fewer labels"),
    "2^32 - 1 private inputs": (lambda: header_field(3, 2**32 - 1), "fewer labels"),
    "no labels announced": (lambda: header_field(4, 0), "fewer labels"),
    "a label beyond the announced": (lambda: header_field(4, 7), "label beyond"),
    "2^32 - 1 constraints": (lambda: header_field(5, 2**32 - 1), "too short"),
    "one constraint more": (lambda: header_field(5, 3), "cut short|too short"),
    "one constraint less": (lambda: header_field(5, 1), "not as long"),
    "2^32 - 1 terms": (lambda: with_section(2, lambda s: u32(2**32 - 1) + s[4:]), "cut short"),
    "a wire that is not there": (lambda: with_section(2, lambda s: s[:4] + u32(4) + s[8:]), "does not exist"),
    "a coefficient of r": (
        lambda: with_section(2, lambda s: s[:8] + R.to_bytes(32, "little") + s[40:]),
        "value 0 is not below r",
    ),
    "half a word": (lambda: with_section(2, lambda s: s + b"\0\0"), "too short"),
    "a label less": (lambda: with_section(3, lambda s: s[:-8]), "3 labels"),
    "custom gates": (
        lambda: write_sections(b"r1cs", 1, [*sections_of(write_r1cs(example()), b"r1cs"), (4, b"\0\0\0\0")]),
        "custom gates",
    ),
    "metadata that is no JSON": (lambda: with_section(OWN_SECTION, lambda s: b"{"), "not JSON"),
    "metadata that is a list": (lambda: with_section(OWN_SECTION, lambda s: b"[]"), "canonical"),
    "metadata with a space": (lambda: with_section(OWN_SECTION, lambda s: b'{"kind": "square"}'), "canonical"),
    "metadata with a float": (lambda: with_section(OWN_SECTION, lambda s: b'{"a":1.5}'), "not JSON"),
    "deep metadata": (lambda: with_section(OWN_SECTION, lambda s: b"[" * 4000 + b"]" * 4000), "not JSON"),
    "long metadata": (lambda: with_section(OWN_SECTION, lambda s: b'"' + b"a" * 70000 + b'"'), "not JSON"),
}


@pytest.mark.parametrize("lie", R1CS_LIES)
def test_circuit_files_that_lie_are_refused(lie: str) -> None:
    make, reason = R1CS_LIES[lie]
    with pytest.raises(FormatError, match=reason) as caught:
        read_r1cs(make())
    assert isinstance(caught.value, EncodingError)
    assert caught.value.what == ".r1cs file"


def test_v11_a_circuit_file_damaged_anywhere_is_refused_or_another_valid_one() -> None:
    """No other exception ever, and what is accepted is exactly what the bytes say."""
    whole = write_r1cs(example())
    accepted = 0
    for place in range(len(whole)):
        with pytest.raises(FormatError):
            read_r1cs(whole[:place])
        for flip in (0x01, 0x80, 0xFF):
            damaged = bytes([*whole[:place], whole[place] ^ flip, *whole[place + 1 :]])
            try:
                found = read_r1cs(damaged)
            except FormatError:
                continue
            accepted += 1
            changed = found != example()
            relabelled = 36 + 24 + 16 <= place < 36 + 24 + 24 + 8
            unknown_section = found.metadata is None
            assert changed or relabelled or unknown_section
    assert accepted > 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"n_public_inputs": 3}, "fewer wires than public inputs"),
        ({"n_private_inputs": 7}, "fewer labels than inputs"),
        ({"n_private_inputs": 3, "wire_labels": None}, "fewer labels than inputs"),
        ({"n_labels": 8}, "not one beyond"),
        ({"n_labels": 1 << 64}, "not one beyond"),
        ({"a": matrix({2: 1})}, "different numbers of constraints"),
        ({"n_wires": 5, "wire_labels": None}, "another width"),
        ({"wire_labels": (0, 1, 2)}, "one label for each wire"),
        ({"c": replace(matrix({3: 1}, {}), columns=u32(4))}, "a wire that does not exist"),
    ],
)
def test_a_circuit_that_cannot_be_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        example(**changes)


def test_witnesses_survive_the_file() -> None:
    values = scalars_to_bytes([1, 5, R - 1, 0])
    data = write_wtns(values)
    assert read_wtns(data) == values
    assert data[:12] == b"wtns" + u32(2, 2)
    assert data[12:24] == u32(1) + struct.pack("<Q", 40)
    assert data[24:64] == u32(32) + R.to_bytes(32, "little") + u32(4)
    assert data[64:76] == u32(2) + struct.pack("<Q", 128)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: write_wtns(scalars_to_bytes([2, 3])), "wire 0"),
        (lambda: write_wtns(b""), "wire 0"),
        (lambda: write_wtns(scalars_to_bytes([1]) + R.to_bytes(32, "little")), "value 1 is not below r"),
        (lambda: write_wtns(scalars_to_bytes([1, 2]))[:-1], "more bytes than the file has"),
        (lambda: write_wtns(scalars_to_bytes([1, 2])) + b"\0", "1 bytes too many"),
        (lambda: write_sections(b"wtns", 2, [(2, scalars_to_bytes([1]))]), "missing"),
        (lambda: write_sections(b"wtns", 2, [(1, bytes(40)), (2, b"")]), "scalar field"),
        (lambda: write_sections(b"wtns", 2, [(1, bytes(41)), (2, b"")]), "41 bytes"),
        (
            lambda: write_sections(b"wtns", 2, [(1, u32(32) + R.to_bytes(32, "little") + u32(3)), (2, bytes(64))]),
            "announces 3 values",
        ),
    ],
)
def test_witness_files_that_lie_are_refused(make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read_wtns(make())


def test_v11_a_witness_file_damaged_anywhere_is_refused_or_another_witness() -> None:
    whole = write_wtns(scalars_to_bytes([1, 7]))
    for place in range(len(whole)):
        with pytest.raises(FormatError):
            read_wtns(whole[:place])
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            try:
                found = read_wtns(damaged)
            except FormatError:
                continue
            # Version 1 has the same layout; otherwise only the value itself may differ.
            assert (found == read_wtns(whole)) == (place == 4)
    with pytest.raises(FormatError):
        write_wtns(bytes(33))


@pytest.mark.parametrize("value", [R, R + 1, 2**256 - 1, R + (1 << 64), R + (1 << 128), R + (1 << 192)])
def test_limits_are_compared_over_all_limbs(value: int) -> None:
    with pytest.raises(FormatError, match="value 2 is not below r"):
        read_wtns(write_wtns(scalars_to_bytes([1, R - 1]) + value.to_bytes(32, "little")))


def test_sections_are_views_of_the_caller_s_bytes() -> None:
    """A proving key of gigabytes is not copied to be opened."""
    data = bytearray(write_sections(b"test", 1, [(9, b"abc"), (4, b""), (2**32 - 1, b"xyz")]))
    sections = read_sections(data, b"test", what="test", max_version=1)
    assert list(sections) == [9, 4, 2**32 - 1]
    data[24] = ord("z")
    assert bytes(sections[9]) == b"zbc"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"test" + u32(1, 2**32 - 1), "announces 4294967295 sections"),
        (b"test" + u32(1, 1), "cut short in the header of section 1 of 1"),
        (b"test" + u32(1, 1, 5) + struct.pack("<Q", 2**64 - 1), "section 5 announces more bytes"),
        (b"test" + u32(1, 2, 5) + struct.pack("<Q", 0) + u32(5) + struct.pack("<Q", 0), "section 5 comes twice"),
        (b"test" + u32(1, 0) + b"\0", "1 bytes too many"),
    ],
)
def test_containers_that_lie_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read_sections(data, b"test", what="test", max_version=1)


def test_symbols_of_a_compiled_circuit() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("leaf[0].x")
        assert_bits(x, 2)
        assert_equal(c.public("out"), x)

    compiled = build(circuit, name="symbols")
    text = write_sym(compiled.symbols)
    assert text.splitlines()[:3] == [
        "1,1,0,main.out",
        "2,2,0,main.leaf[0].x",
        "3,3,0,main.assert_bits.to_bits.bit[0]_1",
    ]
    symbols = read_sym(text)
    assert symbols[1] == Symbol(2, 2, 0, "main.leaf[0].x")
    names = names_by_wire(symbols, compiled.r1cs.n_wires)
    assert list(names) == ["one", *(f"main.{name}" for name in list(compiled.symbols)[1:])]


def test_symbols_as_circom_writes_them() -> None:
    text = "1,1,0,main.out\n2,-1,3,main.gone\n3,1,0,main.alias\r\n4,2,0,main.x"
    symbols = read_sym(text.encode())
    assert symbols[1] == Symbol(2, None, 3, "main.gone")
    assert list(names_by_wire(symbols, 4)) == ["one", "main.out", "main.x", "wire_3"]
    assert write_sym(symbols) == text.replace("\r", "") + "\n"
    assert read_sym("") == []


@pytest.mark.parametrize(
    "line",
    [
        "1,1,0",
        "1,1,0,a,b",
        "1,1,0,",
        "",
        "x,1,0,a",
        "1,-2,0,a",
        "-1,1,0,a",
        "1,1,-1,a",
        "1,,0,a",
        "1,1 ,0,a",
        "1,1_0,0,a",
        "1,+1,0,a",
        "1,01,0,a",
        "1,-0,0,a",
        "1,٣,0,a",
        "9" * 20 + ",1,0,a",
        "1," + "9" * 11 + ",0,a",
        "1,1," + "9" * 5000 + ",a",
        "1,1,0," + "a" * 5000,
        "1,1,0,a\x1b[2J",
        "1,1,0,a\0",
        "1,1,0,a\u2028b",
        "1,1,0,a\rb",
        "1,1,0,\ud800",
    ],
)
def test_symbol_lines_that_make_no_sense_are_refused(line: str) -> None:
    with pytest.raises(FormatError, match="line 2 ") as caught:
        read_sym(f"1,1,0,main.fine\n{line}\n")
    assert caught.value.index == 1


@pytest.mark.parametrize("junk", [b"\xff", b"\xc3", b"\xed\xa0\x80"])
def test_symbol_files_that_are_not_text_are_refused(junk: bytes) -> None:
    with pytest.raises(FormatError, match="line 1 is not UTF-8"):
        read_sym(b"1,1,0," + junk)


def test_symbols_are_read_one_at_a_time() -> None:
    """The first bad line ends it: nothing behind it is looked at, and nothing before it is kept."""
    symbols = each_symbol(b"1,1,0,a\n" * 3 + b"\n" * (1 << 20))
    assert [next(symbols).name for _ in range(3)] == ["a", "a", "a"]
    with pytest.raises(FormatError, match="line 4 "):
        next(symbols)


def test_a_symbol_line_of_the_greatest_length_is_read() -> None:
    name = "a" * (MAX_LINE - len("1,1,0,"))
    for end in ("", "\n", "\n2,2,0,b\n"):
        assert read_sym(f"1,1,0,{name}{end}")[0].name == name
        with pytest.raises(FormatError, match="line 1 has more than"):
            read_sym(f"1,1,0,{name}a{end}")
