"""A profile adds up to its circuit, is the same bytes every time, survives its file, and refuses every other file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import EncodingError, SparseMatrix
from zkmargin.circuits import (
    R1CS,
    Circuit,
    CompiledCircuit,
    Expr,
    FormatError,
    ImportedCircuit,
    Symbols,
    assert_at_most,
    assert_equal,
    bind,
    build,
    gadget,
    is_zero,
    poseidon,
)
from zkmargin.circuits.formats import write_r1cs, write_sym
from zkmargin.circuits.location import Location
from zkmargin.circuits.margin import SHAPES, compile_margin
from zkmargin.circuits.profiling.difference import difference
from zkmargin.circuits.profiling.document import MAX_BYTES, MAX_COUNT, MAX_ROWS, read_profile, write_profile
from zkmargin.circuits.profiling.profile import (
    COMPONENTS,
    DEEPER,
    GADGETS,
    INPUTS,
    MAX_DEPTH,
    MAX_NAME,
    NOTHING,
    UNBOUND,
    VIEWS,
    Cost,
    Profile,
    Row,
    Share,
    profile_circuit,
    profile_imported,
    shown_name,
)
from zkmargin.circuits.profiling.report import difference_lines, profile_lines
from zkmargin.circuits.symbols import numbered


@gadget
def commit(value: Expr, salt: Expr) -> Expr:
    return poseidon([value * value, salt])


def example(c: Circuit) -> None:
    value = c.private("value", bits=8)
    assert_equal(c.public("commitment"), commit(value, c.private("salt")))
    bind(value * c.public("factor", bits=4))


@cache
def built(name: str = "example") -> CompiledCircuit:
    return compile_margin(SHAPES[name]) if name in SHAPES else build(example, name="example")


def total_of(r1cs: R1CS) -> Cost:
    """Counted from the matrices alone, entry by entry."""
    in_b = {wire for row in r1cs.b.to_rows() for wire, _ in row}
    sides = (r1cs.a.entries, r1cs.b.entries, r1cs.c.entries)
    return Cost(r1cs.n_constraints, r1cs.n_wires, *sides, len(in_b))


def places(circuit: CompiledCircuit) -> list[tuple[tuple[str, ...], Location]]:
    """Gadget path and line of each constraint."""
    return [(origin.gadget, Location(*origin.location[:2])) for origin in circuit.origins]


def only(shares: list[Share], *place: str) -> Share:
    (found,) = [share for share in shares if share.place == place]
    return found


# What is charged to whom


@pytest.mark.parametrize("name", ["example", *SHAPES])
def test_the_rows_add_up_to_the_circuit(name: str) -> None:
    circuit = built(name)
    total = total_of(circuit.r1cs)
    for profile in (
        profile_circuit(circuit),
        profile_imported(ImportedCircuit(circuit.r1cs, circuit.symbols, named=True), name),
        profile_imported(ImportedCircuit(circuit.r1cs, circuit.symbols, named=False), name),
    ):
        assert profile.total == total
        for view in ("gadget", "line"):
            assert sum((share.own for share in profile.by(view)), Cost()) == total
        assert sum((share.own for share in profile.by_path()), Cost()) == total
        assert only(profile.by_path()).inclusive == total
        assert profile.outermost().total == profile.by_line_then_path().total == total


def test_constraints_are_charged_to_their_gadget_and_line() -> None:
    """Held against the origins, one by one."""
    circuit = built()
    counted = Counter(places(circuit))
    rows = profile_circuit(circuit).rows
    assert {(row.path, row.location): row.cost.constraints for row in rows if row.cost.constraints} == counted


def test_wires_and_entries_are_charged_to_the_constraint_that_brings_them() -> None:
    """Held against a plain walk over the rows."""
    circuit = built()
    r1cs = circuit.r1cs
    declared = 1 + r1cs.n_public + r1cs.n_private_inputs
    expected: dict[Any, list[int]] = {((INPUTS,), None): [0, declared, 0, 0, 0, 0]}
    seen, seen_in_b = set(range(declared)), set()
    for place, *sides in zip(places(circuit), *(m.to_rows() for m in (r1cs.a, r1cs.b, r1cs.c)), strict=True):
        counts = expected.setdefault(place, [0] * 6)
        counts[0] += 1
        for number, side in enumerate(sides):
            counts[2 + number] += len(side)
            for wire, _ in side:
                counts[1] += wire not in seen
                seen.add(wire)
                if number == 1:
                    counts[5] += wire not in seen_in_b
                    seen_in_b.add(wire)
    found = {(row.path, row.location): list(row.cost.counts()) for row in profile_circuit(circuit).rows}
    assert found == expected


def test_gadgets_count_what_is_inside_them_once() -> None:
    profile = profile_circuit(built())
    shares = profile.by_gadget()
    own, inner = only(shares, "commit"), only(shares, "poseidon")
    assert own.own.constraints == 1
    assert own.inclusive == own.own + inner.inclusive
    assert only(shares).own.constraints == 1  # the product of `example` itself

    @gadget
    def again(x: Expr, times: int) -> Expr:
        return again(x * x, times - 1) if times else x

    nested = profile_circuit(build(lambda c: bind(again(c.private("x"), 5)), name="nested"))
    assert only(nested.by_gadget(), "again").inclusive.constraints == 5
    assert ("again",) * 5 in [row.path for row in nested.rows]


@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
def test_lines_are_the_users_own() -> None:
    def two(c: Circuit) -> None:
        is_zero(c.private("x"))
        bind(c.private("y"))

    first = two.__code__.co_firstlineno
    profile = profile_circuit(build(two, name="two"))
    assert only(profile.by_line(), f"test_profile.py:{first + 1}").own.constraints == 3
    assert only(profile.by_line(), f"test_profile.py:{first + 2}").own.constraints == 1
    tree = profile.by_line_then_path()
    assert ("test_profile.py", f"line {first + 1}", "is_zero") in [row.path for row in tree.rows]


def test_a_wire_in_no_constraint_is_told() -> None:
    def loose(c: Circuit) -> None:
        bind(c.private("x"))
        c.hint_linear(c.private("y"))

    with pytest.warns():
        profile = profile_circuit(build(loose, name="loose"))
    assert only(profile.by_gadget(), UNBOUND).own == Cost(wires=1)


@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
def test_a_circuit_without_constraints_and_one_without_gadgets() -> None:
    empty = profile_circuit(build(lambda c: None, name="empty"))
    assert empty.rows == (Row((INPUTS,), None, Cost(wires=1)),)
    plain = profile_circuit(build(lambda c: c.private("x") * c.private("y"), name="plain"))
    assert [share.place for share in plain.by_gadget()] == [(), (INPUTS,)]
    for profile in (empty, plain):
        assert read_profile(write_profile(profile)) == profile
        for view in VIEWS:
            assert profile.circuit in profile_lines(profile, view, 20)[0]
            assert "the circuits are the same" in difference_lines(difference(profile, profile, view), 20)[-1]


# Imported circuits


def imported(names: Sequence[str] | None, *rows: tuple[list[int], list[int], list[int]]) -> ImportedCircuit:
    """A circuit of eight wires, the names those of wires 1 to 7."""
    sides = [SparseMatrix.from_rows([[(wire, 1) for wire in row[k]] for row in rows], 8) for k in range(3)]
    symbols = numbered(8) if names is None else Symbols(["one", *names])
    return ImportedCircuit(R1CS(8, 1, 0, 1, *sides), symbols, named=names is not None)


CIRCOM = (
    "main.out",
    "main.in",
    "main.hash[0].in",
    "main.hash[0].ark[11].out",
    "main.hash[0].ark[2].out",
    "main.hash[1].in",
    "main.hash_of.in",
)


@pytest.mark.parametrize(
    ("wires", "path"),
    [
        (([0], [3], [3]), ("hash[]",)),
        (([4], [4], [0]), ("hash[]", "ark[]")),
        (([4], [0], [5]), ("hash[]",)),
        (([4], [3], [4]), ("hash[]",)),
        (([3], [0], [6]), ()),
        (([6], [0], [7]), ()),
        (([2], [1], [4]), ()),
        (([0], [0], []), ()),
    ],
)
def test_a_constraint_belongs_to_the_deepest_component_that_holds_it(
    wires: tuple[list[int], list[int], list[int]], path: tuple[str, ...]
) -> None:
    profile = profile_imported(imported(CIRCOM, wires), "circom")
    assert [row.path for row in profile.rows if row.cost.constraints] == [path]
    assert profile.named_by == COMPONENTS


def test_a_wire_belongs_to_its_own_component_and_arrays_count_together() -> None:
    profile = profile_imported(imported(CIRCOM, ([3], [0], [6])), "circom")
    wires = {row.path: row.cost.wires for row in profile.rows}
    assert wires == {(): 3, ("hash[]",): 2, ("hash[]", "ark[]"): 2, ("hash_of",): 1}


def test_names_without_a_common_root_keep_theirs() -> None:
    names = [f"{'ab'[number % 2]}.x{number}" for number in range(7)]
    profile = profile_imported(imported(names, ([1], [1], [1])), "foreign")
    assert [row.path for row in profile.rows if row.cost.constraints] == [("a",)]


def test_a_circuit_without_names_has_its_total_alone() -> None:
    profile = profile_imported(imported(None, ([1], [2], [3])), "bare")
    assert [(row.path, row.cost) for row in profile.rows] == [((), profile.total)]
    assert profile.named_by == NOTHING
    assert len(profile_lines(profile, "gadget", 20)) == 2


def test_both_ways_to_count_components_agree() -> None:
    circuit = built("small")
    files = ImportedCircuit.from_bytes(write_r1cs(circuit.r1cs), write_sym(circuit.symbols))
    counted: Counter[tuple[str, ...]] = Counter()
    for name, count in files.constraints_by_component().items():
        counted[tuple(re.sub(r"\[\d+\]", "[]", part) for part in name.split(".")[1:])] += count
    rows = profile_imported(files, "small").rows
    assert {row.path: row.cost.constraints for row in rows if row.cost.constraints} == counted


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_imported_circuit_adds_up(data: st.DataObject) -> None:
    side = st.lists(st.integers(0, 7), max_size=4)
    rows = data.draw(st.lists(st.tuples(side, side, side), max_size=6))
    paths = data.draw(st.lists(st.lists(st.sampled_from(["a", "a[0]", "a[1]", "b", "aa"]), max_size=3).map(tuple)))
    paths = (paths + [()] * 7)[:7]
    names = [".".join(["main", *path, f"x{number}"]) for number, path in enumerate(paths)]
    circuit = imported(names, *rows)
    profile = profile_imported(circuit, "any")
    assert profile.total == total_of(circuit.r1cs)
    assert read_profile(write_profile(profile)) == profile
    for row in rows:
        (path,) = [r.path for r in profile_imported(imported(names, row), "one").rows if r.cost.constraints]
        owners = [paths[wire - 1] for side in row for wire in side if wire]
        common = []
        for parts in zip(*owners, strict=False):
            if len(set(parts)) > 1:
                break
            common.append(parts[0])
        assert path == tuple(name.split("[")[0] + "[]" * ("[" in name) for name in common)


# Names from anywhere


@pytest.mark.parametrize(
    "name",
    ["", "a\nb", "\x1b[2J", "\ud800", "‮evil", "x" * 10_000, "é", "<script>alert(1)</script>", "ﷺ" * 500, "a\x00" * 99],
)
def test_every_name_is_kept_printable_and_bounded(name: str) -> None:
    shown = shown_name(name)
    assert shown.isprintable()
    assert 0 < len(shown) <= MAX_NAME
    assert shown_name(shown) == shown

    @gadget
    def hostile(x: Expr) -> None:
        bind(x)

    def renamed(function: Callable[..., None]) -> Callable[..., None]:
        function.__name__ = name
        return gadget(function)

    circuit = build(lambda c: renamed(hostile.__wrapped__)(c.private("x")), name=name)  # type: ignore[attr-defined]
    profile = profile_circuit(circuit)
    assert shown in [share.place[0] for share in profile.by_gadget() if share.place]
    assert read_profile(write_profile(profile)) == profile


def test_long_names_that_differ_stay_different() -> None:
    one, other = shown_name("x" * 500 + "1"), shown_name("x" * 500 + "2")
    assert one != other
    assert len(one) == len(other) == MAX_NAME


def test_a_deep_path_is_cut() -> None:
    @gadget
    def down(x: Expr, levels: int) -> None:
        bind(x)
        if levels:
            down(x, levels - 1)

    profile = profile_circuit(build(lambda c: down(c.private("x"), 99), name="deep"))
    assert max(len(row.path) for row in profile.rows) == MAX_DEPTH
    assert only(profile.by_gadget(), DEEPER).own.constraints == 100 - (MAX_DEPTH - 1)
    assert read_profile(write_profile(profile)) == profile


# The file


def test_two_builds_give_the_same_bytes() -> None:
    first, second = (write_profile(profile_circuit(build(example, name="example"))) for _ in range(2))
    assert first == second
    assert read_profile(first) == profile_circuit(built())


def test_the_file_is_small() -> None:
    assert len(write_profile(profile_circuit(built("standard")))) < 16_000


def spoiled(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(write_profile(profile_circuit(built())))
    change(document)
    return json.dumps(document).encode()


def at(index: int, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda d: d["rows"][1].__setitem__(index, value)


SPOILED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another format": (lambda d: d.update(format="zkmargin.profile/2"), "format"),
    "a member too many": (lambda d: d.update(more=1), "members"),
    "a member too few": (lambda d: d.pop("costs"), "members"),
    "no naming": (lambda d: d.update(named_by="rumour"), "nothing this version knows"),
    "naming of another type": (lambda d: d.update(named_by=["gadgets"]), "nothing this version knows"),
    "other costs": (lambda d: d["costs"].reverse(), "other costs"),
    "no rows": (lambda d: d.update(rows=None), "list of at most"),
    "too many rows": (lambda d: d.update(rows=[0] * (MAX_ROWS + 1)), "list of at most"),
    "rows out of order": (lambda d: d["rows"].reverse(), "row 1 stands before or beside"),
    "a row twice": (lambda d: d["rows"].insert(0, d["rows"][0]), "row 1 stands before or beside"),
    "a row that is none": (lambda d: d["rows"].__setitem__(1, 5), "row 1 is not"),
    "a row too short": (lambda d: d["rows"][1].pop(), "row 1 is not"),
    "a path that is text": (at(0, "poseidon"), "row 1 has no path"),
    "a path of numbers": (at(0, [1]), "row 1 has no path"),
    "an empty name": (at(0, [""]), "row 1 has no path"),
    "a name with a line break": (at(0, ["a\nb"]), "row 1 has no path"),
    "a long name": (at(0, ["x" * (MAX_NAME + 1)]), "row 1 has no path"),
    "a deep path": (at(0, ["x"] * (MAX_DEPTH + 1)), "row 1 has no path"),
    "a line without a file": (at(1, [7]), "row 1 has no file"),
    "a line that is text": (at(1, ["a.py", "7"]), "row 1 has no file"),
    "a file that is a number": (at(1, [7, 7]), "row 1 has no file"),
    "a negative count": (at(2, [-1, 0, 0, 0, 0, 0]), "row 1 has not 6 counts"),
    "a huge count": (at(2, [MAX_COUNT + 1, 0, 0, 0, 0, 0]), "row 1 has not 6 counts"),
    "a count that is true": (at(2, [True, 0, 0, 0, 0, 0]), "row 1 has not 6 counts"),
    "a count too few": (at(2, [0, 0, 0, 0, 0]), "row 1 has not 6 counts"),
    "counts that are none": (at(2, None), "row 1 has not 6 counts"),
    "no circuit": (lambda d: d.update(circuit=""), "name of a circuit"),
    "a circuit that is a number": (lambda d: d.update(circuit=3), "name of a circuit"),
    "a short digest": (lambda d: d.update(circuit_digest="ab"), "digest"),
    "a digest in capitals": (lambda d: d.update(circuit_digest=d["circuit_digest"].upper()), "digest"),
    "a digest with spaces": (lambda d: d.update(circuit_digest=" ".join(d["circuit_digest"])), "digest"),
    "a digest that is a number": (lambda d: d.update(circuit_digest=1), "digest"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_file_is_refused(name: str) -> None:
    change, reason = SPOILED[name]
    with pytest.raises(FormatError, match=reason):
        read_profile(spoiled(change))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 5000, b" " * (MAX_BYTES + 1), b'{"format": 1.5}', b'"x"']
)
def test_what_is_no_profile_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_profile(data)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_file_is_refused_or_reads_as_something_else(place: int, byte: int) -> None:
    data = bytearray(write_profile(profile_circuit(built())))
    data[place % len(data)] = byte
    try:
        again = read_profile(bytes(data))
    except EncodingError:
        return
    assert read_profile(write_profile(again)) == again


def many_rows(count: int) -> Profile:
    rows = tuple(Row((f"{number:06}",), Location("x" * 40, number), Cost(1)) for number in range(count))
    return Profile("many", bytes(32), GADGETS, rows)


def test_a_profile_beyond_the_files_bounds_is_not_written() -> None:
    with pytest.raises(FormatError, match="holds at most"):
        write_profile(many_rows(MAX_ROWS + 1))
    with pytest.raises(FormatError, match="takes"):
        write_profile(many_rows(MAX_ROWS))


# Differences


def profile_of(name: str = "p", **rows: int) -> Profile:
    """Gadgets (`outer__inner`) and their constraints."""
    charged = [Row(tuple(path.split("__")), None, Cost(count, 2 * count)) for path, count in rows.items()]
    return Profile(name, bytes(32), GADGETS, tuple(sorted(charged, key=lambda row: row.path)))


def changes(old: Profile, new: Profile, view: str = "gadget") -> dict[str, tuple[int, str | None]]:
    found = difference(old, new, view)
    return {"/".join(change.place): (change.inclusive.constraints, change.was) for change in found.changes}


def test_equal_profiles_have_no_difference() -> None:
    profile = profile_of(a=1, a__b=2)
    found = difference(profile, profile)
    assert (found.changes, found.equal, found.total) == ((), 2, Cost())
    assert difference_lines(found, 20)[1] == "no gadget changed: the circuits are the same"
    other = replace(profile, digest=b"\1" * 32)
    assert "the circuits differ" in difference_lines(difference(profile, other), 20)[1]


def test_what_grew_shrank_came_and_went() -> None:
    old, new = profile_of("old", a=10, b=20, c=5, same=1), profile_of("new", a=15, b=10, d=7, same=1)
    assert changes(old, new) == {"b": (-10, None), "d": (7, None), "a": (5, None), "c": (-5, None)}
    found = difference(old, new)
    assert list(found.changes) == sorted(found.changes, key=lambda c: (-abs(c.inclusive.constraints), c.place))
    lines = difference_lines(found, 20)
    assert lines[0].startswith("old -> new: 33 constraints (-3, -8.3%), 66 wires (-6, -8.3%)")
    assert [line.split() for line in lines[3:7]] == [
        ["-10", "-10", "-50.0%", "-20", "0", "0", "b"],
        ["+7", "+7", "new", "+14", "0", "0", "d"],
        ["+5", "+5", "+50.0%", "+10", "0", "0", "a"],
        ["-5", "-5", "gone", "-10", "0", "0", "c"],
    ]
    assert lines[-1] == "1 gadget unchanged"
    assert "and 3 changes more" in difference_lines(found, 1)[4]


def test_a_renamed_gadget_is_told_from_a_new_one() -> None:
    old, new = profile_of(a=3, a__b=2, k=1), profile_of(z=3, z__b=2, k=1)
    assert changes(old, new) == {"z": (0, "a")}
    assert changes(old, new, "path") == {"z": (0, "a")}
    line = difference_lines(difference(old, new), 20)[3]
    assert line.split() == ["0", "0", "renamed", "0", "0", "0", "z", "(was", "a)"]


def test_two_candidates_are_no_renaming() -> None:
    assert changes(profile_of(a=3, b=3), profile_of(z=3)) == {"a": (-3, None), "b": (-3, None), "z": (3, None)}
    assert changes(profile_of(a=3), profile_of(y=3, z=3)) == {"a": (-3, None), "y": (3, None), "z": (3, None)}
    assert changes(profile_of(a=3), profile_of(z=4)) == {"a": (-3, None), "z": (4, None)}


def test_a_change_deep_inside_shows_on_every_level_of_its_path() -> None:
    old, new = profile_of(a__b__c=5, d=1), profile_of(a__b__c=8, d=1)
    assert changes(old, new, "path") == {"": (3, None), "a": (3, None), "a/b": (3, None), "a/b/c": (3, None)}
    assert [change.place for change in difference(old, new).changes if change.own != Cost()] == [("c",)]


counts = st.dictionaries(st.sampled_from(["a", "b", "a__b", "b__a", "c", "c__a__b"]), st.integers(0, 50))


@given(counts, counts, st.sampled_from(VIEWS))
def test_changes_of_own_cost_add_up_to_the_total(old: dict[str, int], new: dict[str, int], view: str) -> None:
    found = difference(profile_of(**old), profile_of(**new), view)
    assert sum((change.own for change in found.changes), Cost()) == found.total


# Tables


@pytest.mark.parametrize("view", VIEWS)
def test_tables_are_cut_at_the_top_and_say_so(view: str) -> None:
    profile = profile_circuit(built("small"))
    lines = profile_lines(profile, view, 3)
    left = len(profile.by(view)) - 3
    assert lines[-1] == f"and {left} {view}s more; --top 0 shows all"
    assert len(lines) == 2 + 2 + 3 + 1
    assert len(profile_lines(profile, view, 0)) == 2 + 2 + len(profile.by(view))


def test_paths_are_shown_under_their_parents() -> None:
    lines = profile_lines(profile_circuit(built("small")), "path", 0)[4:]
    names = [line.split("  ")[-1].strip() for line in lines]
    place = names.index("merkle_membership")
    assert names[place + 1] == "poseidon"
    assert names[0] == "margin-small"


def test_ranges_proven_and_products_stand_where_they_were_written() -> None:
    """The whole table of a small circuit, as a person reads it."""

    def statement(c: Circuit) -> None:
        assert_at_most(c.public("low", bits=8), c.private("high", bits=8))

    table = [line.split() for line in profile_lines(profile_circuit(build(statement, name="s")), "gadget", 0)]
    assert " ".join(table[0]) == "s: 27 constraints, 27 wires, 25 of them in B"
    assert table[3][-1] == "gadget"
    assert ["18", "66.7%", "18", "66.7%", "16"] in [row[:5] for row in table]
    assert ["0", "0.0%", "9", "33.3%", "8"] in [row[:5] for row in table]
