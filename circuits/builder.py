"""The circuit under construction: declares inputs, allocates wires, records constraints and operations."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from zkmargin.algebra import BN254, Curve

from . import interval as iv
from .errors import BuildError
from .expression import Expr, common_unit, product_unit, require_same_kind
from .inputs import InputSignal
from .interval import Interval
from .location import Location, user_location
from .program import WIDEST_ONE_HOT, Opcode
from .ranges import prove_bits
from .recording import Block, Call, Constraint, Operation, Origin, Result, Stamp, shifted
from .terms import ONE, SCRATCH, Terms, render_terms, scale_terms, signed, sum_terms
from .units import Unit, UnitError

if TYPE_CHECKING:
    from .debugging import Note

_NAME = re.compile(r"[A-Za-z_]\w*(\[\d+\])*(\.[A-Za-z_]\w*(\[\d+\])*)*", re.ASCII)
_TRUNCATED = 60
DEEPEST_NESTING = 200
"""Gadgets inside gadgets; Python's own limit may be set so high that the stack ends before it is reached."""
DEFAULT_LIMIT = 1 << 23
"""Wires or constraints; a loop that does not end is stopped before it has eaten the memory."""


class Circuit:
    """Named `c` in user code, and the first argument of the function that `build` traces."""

    def __init__(self, name: str, curve: Curve = BN254, limit: int = DEFAULT_LIMIT) -> None:
        self.name = name
        self.curve = curve
        self.limit = limit
        self.half = (curve.r - 1) // 2
        self.max_bits = (
            curve.r.bit_length() - 1
        )  # the largest n with 2^n < r: up to there the bits of a value are unique
        self.inputs: list[InputSignal] = []
        self.constraints: list[Constraint | Stamp] = []
        self.operations: list[Operation | Stamp] = []
        self.results: list[Result] = []
        self.sharing = False
        """Are equal products and gadgets made once?"""
        self.made: dict[Hashable, Any] = {}
        """Results of gadgets that are shared, by what they were made of; see `sharing.py`."""
        self._products: dict[frozenset[frozenset[tuple[int, int]]], int] = {}
        self.bound: set[int] = set()
        """Products that stay though nobody reads them: `bind` makes them."""
        self.inner_names: list[tuple[Origin, str]] = []
        self.notes: list[Note] = []
        self.n_scratch = 0
        self._input_wires: list[tuple[str, Interval | None]] = []
        self._names: dict[str, Location] = {}
        self._inner_intervals: dict[int, Interval] = {}
        self._path: tuple[str, ...] = ()
        self._scopes: list[_Scope] = [_Scope((), None, None)]
        self._one: Terms = {ONE: 1}
        self._sealed = False

    # Inputs

    def public(
        self, name: str, bits: int | None = None, signed_bits: int | None = None, unit: Unit | None = None
    ) -> Expr:
        """A public input. With `bits` it is proven to lie in [0, 2^bits), with `signed_bits` in [-2^(n-1), 2^(n-1)).

        Costs bits + 1 constraints (1 for a single bit); without a width it is a raw field element and costs none. A
        `unit` makes it a fixed-point number.
        """
        return self._declare(name, None, bits, signed_bits, unit, public=True)[0]

    def private(
        self, name: str, bits: int | None = None, signed_bits: int | None = None, unit: Unit | None = None
    ) -> Expr:
        """A private input; widths, units and costs as for `public`."""
        return self._declare(name, None, bits, signed_bits, unit, public=False)[0]

    def public_array(
        self,
        name: str,
        count: int,
        bits: int | None = None,
        signed_bits: int | None = None,
        unit: Unit | None = None,
    ) -> list[Expr]:
        """`count` public inputs, given together as one sequence."""
        return self._declare(name, count, bits, signed_bits, unit, public=True)

    def private_array(
        self,
        name: str,
        count: int,
        bits: int | None = None,
        signed_bits: int | None = None,
        unit: Unit | None = None,
    ) -> list[Expr]:
        """`count` private inputs, given together as one sequence."""
        return self._declare(name, count, bits, signed_bits, unit, public=False)

    def private_trusted(self, name: str, interval: Interval, because: str, unit: Unit | None = None) -> Expr:
        """A private input whose interval is believed, not proven: no constraint keeps a prover inside it.

        For values bound by other means, for instance by a hash to a table that is checked in the open. `because` says
        which; an interval that does not hold makes every conclusion drawn from it worthless.
        """
        if type(because) is not str or not because.strip():
            self.refuse(f"private_trusted({name!r}) needs a reason: what keeps the value inside its interval?")
        known = self._fitting(interval, name)
        created = self._new_inputs(name, None, known, self._checked_unit(name, unit), public=False)
        self._expect_use_of_inputs(created, len(self.constraints))
        return created[0]

    def constant(self, value: int) -> Expr:
        """An integer as an expression: exact within +-(r - 1) / 2; from there to r a raw field element."""
        if type(value) is not int:
            self.refuse(f"a constant is an integer, not {type(value).__name__}")
        if not -self.half <= value < self.curve.r:
            shown = str(value) if abs(value).bit_length() < 512 else f"of {abs(value).bit_length()} bits"
            self.refuse(f"the constant {shown} is outside [-(r - 1) / 2, r)")
        terms = {ONE: value % self.curve.r} if value else {}
        return Expr(self, terms, (value, value) if value <= self.half else None)

    def fixed(self, value: str | Decimal | int, unit: Unit) -> Expr:
        """A constant with a unit: `c.fixed("0.05", RATIO(6))`. Exact, or refused."""
        if not isinstance(unit, Unit):
            self.refuse(f"a unit is a quantity at a scale, as in AMOUNT(8), not {unit!r}")
        if type(value) not in (str, int, Decimal):
            self.refuse(f'a decimal is written as text, as in c.fixed("0.05", ...), not as a {type(value).__name__}')
        if type(value) is int and abs(value) >= self.curve.r:
            self.refuse(f"a constant of {abs(value).bit_length()} bits does not fit the field")
        try:
            steps = unit.parse(value if isinstance(value, Decimal) else str(value))
        except UnitError as problem:
            self.refuse(str(problem))
        plain = self.constant(steps)
        return Expr(self, plain.terms, self._fitting((steps, steps), str(value)), unit)

    def _declare(
        self,
        name: str,
        count: int | None,
        bits: int | None,
        signed_bits: int | None,
        unit: Unit | None,
        *,
        public: bool,
    ) -> list[Expr]:
        if bits is not None and signed_bits is not None:
            self.refuse(f"input {name!r}: give bits or signed_bits, not both")
        known = None
        for size, low in ((bits, 0), (signed_bits, -1)):
            if size is not None:
                if type(size) is not int or not 1 <= size <= self.max_bits:
                    self.refuse(f"input {name!r}: {size!r} bits are not between 1 and {self.max_bits}")
                known = (0, 2**size - 1) if low == 0 else (-(2 ** (size - 1)), 2 ** (size - 1) - 1)
        if known is not None:
            known = self._fitting(known, name)
        elif unit is not None:
            self.refuse(f"input {name!r}: what has a unit has a range; give bits=... or signed_bits=...")
        first = len(self.constraints)
        created = self._new_inputs(name, count, known, self._checked_unit(name, unit), public=public)
        if known is not None:
            self.enter("range_check", None)
            try:
                for value in created:
                    self._prove_range(value.integer(), known)
            finally:
                self.leave()
        self._expect_use_of_inputs(created, first)
        return created

    def _prove_range(self, value: Expr, known: Interval) -> None:
        """Bits of value - low: sound without any prior knowledge of the value, as 2^bits is below r."""
        low, high = known
        if known == (0, 1):
            self.constrain_product(value, value - 1, self.constant(0))
            return
        prove_bits(value - low, (high - low).bit_length())

    def _checked_unit(self, name: str, unit: Unit | None) -> Unit | None:
        if unit is not None and not isinstance(unit, Unit):
            self.refuse(f"input {name!r}: a unit is a quantity at a scale, as in AMOUNT(8), not {unit!r}")
        return unit

    def _new_inputs(
        self, name: str, count: int | None, known: Interval | None, unit: Unit | None, *, public: bool
    ) -> list[Expr]:
        here = self.origin()
        if type(name) is not str or not _NAME.fullmatch(name):
            self.refuse(f"{name!r} is no name for an input; write it like total, leaf[0].salt or path.index")
        if count is not None and (type(count) is not int or count < 0):
            self.refuse(f"input {name!r}: {count!r} elements")
        self._require_open(1 if count is None else count)
        names = [name] if count is None else [f"{name}[{index}]" for index in range(count)]
        for taken in {name: None, **dict.fromkeys(names)}:
            if taken in self._names:
                self.refuse(f"an input {taken!r} is already declared at {self._names[taken]}")
            self._names[taken] = here.location
        first = len(self._input_wires)
        self.inputs.append(InputSignal(name, count, public, known, first, unit, here.location))
        created = []
        for full_name in names:
            self._input_wires.append((full_name, known))
            wire = -len(self._input_wires)
            created.append(Expr(self, {wire: 1}, known, unit))
        return created

    def _expect_use_of_inputs(self, created: Sequence[Expr], first: int) -> None:
        here, end = self.origin(), len(self.constraints)
        kind = "public" if self.inputs[-1].public else "private"
        for value in created:
            self.results.append(Result(frozenset(value.terms), first, end, f"{kind} input {str(value)!r}", here))

    # What gadgets are made of. The hints here are bare wires; `hints.py` has them with types.

    def product(self, a: Expr, b: Expr) -> Expr:
        """a * b on a new wire; one constraint. This is what `*` does."""
        before = len(self.constraints)
        wire = self.product_unused(a, b)
        after = len(self.constraints)
        first = before if after > before else 0  # an earlier use of a shared product is none of this one
        self.results.append(Result(frozenset(wire.terms), first, after, (a.terms, b.terms), self.origin()))
        return wire

    def product_unused(self, a: Expr, b: Expr, known: Interval | None = None) -> Expr:
        """The same without the warning for a product nobody reads; `known` is an interval the caller has proven.

        The product of the same two combinations is the same wire, whatever their order.
        """
        self._require_own(a, b)
        if known is None and a.interval is not None and b.interval is not None:
            same = a.terms == b.terms
            known = iv.square(a.interval) if same else iv.multiply(a.interval, b.interval)
            self.checked(known, (a, b), " * ")
        self._require_open()
        factors = frozenset((frozenset(a.terms.items()), frozenset(b.terms.items())))
        wire = self._products.get(factors) if self.sharing else None
        if wire is None:
            wire = self._products[factors] = self._allocate("product", known)
            self.operations.append(Operation(Opcode.PRODUCT, a.terms, b.terms, wire, 0))
            self.constraints.append(Constraint(a.terms, b.terms, {wire: 1}, self.origin()))
        elif known is not None:
            before = self._inner_intervals.get(wire, known)
            self._inner_intervals[wire] = iv.intersection(before, known) or known
        return Expr(self, {wire: 1}, known, product_unit(a, b))

    def constrain_product(self, a: Expr, b: Expr, c: Expr) -> None:
        """a * b = c in the field; one constraint."""
        self._require_open()
        self._require_own(a, b, c)
        if a.is_constant or b.is_constant:
            factor, other = (a, b) if a.is_constant else (b, a)
            scaled = scale_terms(other.terms, factor.constant_value, self.curve.r)
            self.constrain_equal(Expr(self, scaled, None), c)
            return
        self.constraints.append(Constraint(a.terms, b.terms, c.terms, self.origin()))

    def constrain_zero(self, x: Expr) -> None:
        """x = 0 in the field; one constraint, none where x is the constant zero."""
        self._require_open()
        self._require_own(x)
        if x.is_constant:
            if x.terms:
                self.refuse(f"this can never hold: {x} = 0")
            return
        self.constraints.append(Constraint(x.terms, {ONE: 1}, {}, self.origin()))

    def constrain_equal(self, a: Expr, b: Expr) -> None:
        """a = b in the field, which for two ranged expressions is a = b in the integers; one constraint."""
        self.constrain_zero(self.field_sum(((a, 1), (b, -1))))

    def hint_inverse_or_zero(self, x: Expr) -> Expr:
        """A wire that an honest prover fills with 1 / x, or 0. Constrains nothing."""
        self._require_own(x)
        wire = self._allocate("inverse", None)
        self.operations.append(Operation(Opcode.QUOTIENT, self._one, x.terms, wire, 0))
        return self._hinted([wire])[0]

    def hint_quotient(self, a: Expr, b: Expr) -> Expr:
        """A wire that an honest prover fills with a / b in the field, or 0 where b is 0. Constrains nothing."""
        self._require_own(a, b)
        wire = self._allocate("quotient", None)
        self.operations.append(Operation(Opcode.QUOTIENT, a.terms, b.terms, wire, 0))
        return self._hinted([wire])[0]

    def hint_divmod(self, a: Expr, b: Expr) -> tuple[Expr, Expr]:
        """Two wires that an honest prover fills with divmod of the canonical values. Constrains nothing."""
        self._require_own(a, b)
        wire = self._allocate("quotient", None)
        self._allocate("remainder", None)
        self.operations.append(Operation(Opcode.DIVMOD, a.terms, b.terms, wire, 0))
        quotient, rest = self._hinted([wire, wire + 1])
        return quotient, rest

    def hint_isqrt(self, x: Expr) -> Expr:
        """A wire that an honest prover fills with the floor of the square root of the canonical value of x.

        Constrains nothing.
        """
        self._require_own(x)
        wire = self._allocate("root", None)
        self.operations.append(Operation(Opcode.ISQRT, x.terms, None, wire, 0))
        return self._hinted([wire])[0]

    def hint_one_hot(self, x: Expr, count: int) -> list[Expr]:
        """`count` wires: an honest prover fills wire x with 1 and the others, or all of them, with 0.

        Constrains nothing, not even that they are bits.
        """
        self._require_own(x)
        self._require_count(count)
        wires = [self._allocate(f"is[{place}]", None) for place in range(count)]
        for start in range(0, count, WIDEST_ONE_HOT):
            part = wires[start : start + WIDEST_ONE_HOT]
            distance = self.field_sum(((x, 1), (self.constant(-start), 1)))
            self.operations.append(Operation(Opcode.ONE_HOT, distance.terms, None, part[0], len(part)))
        return self._hinted(wires)

    def hint_sorted(self, values: Sequence[Expr]) -> list[Expr]:
        """As many wires, which an honest prover fills with the canonical values in ascending order.

        Constrains nothing.
        """
        self._require_own(*values)
        self._require_count(len(values))
        wires = [self._allocate(f"sorted[{place}]", None) for place in range(len(values))]
        first, *others = (value.terms for value in values)
        self.operations.append(Operation(Opcode.SORT, first, None, wires[0], len(wires), others=tuple(others)))
        return self._hinted(wires)

    def hint_bits(self, x: Expr, count: int) -> list[Expr]:
        """`count` wires that an honest prover fills with the low bits of x. Constrains nothing, not even to 0 or 1."""
        self._require_own(x)
        self._require_count(count)
        wires = [self._allocate(f"bit[{place}]", None) for place in range(count)]
        self.operations.append(Operation(Opcode.BITS, x.terms, None, wires[0], count))
        return self._hinted(wires)

    def hint_linear(self, x: Expr) -> Expr:
        """A wire that an honest prover fills with the value of x. Constrains nothing."""
        self._require_own(x)
        wire = self._allocate("value", None)
        self.operations.append(Operation(Opcode.LINEAR, x.terms, None, wire, 0))
        return self._hinted([wire])[0]

    def _hinted(self, wires: Sequence[int]) -> list[Expr]:
        """The bare wires of a hint. In user code each must come to stand in a constraint."""
        self._expect_use_of_hints(wires, len(self.constraints))
        return [Expr(self, {wire: 1}, None) for wire in wires]

    def _expect_use_of_hints(self, wires: Sequence[int], first: int) -> None:
        if self.in_user_code:
            here, end = self.origin(), len(self.constraints)
            for wire in wires:
                self.results.append(Result(frozenset((wire,)), first, end, f"hint {self.wire_name(wire)!r}", here))

    def new_bits(self, x: Expr, count: int, first: int = 0) -> list[Expr]:
        """`count` wires constrained to 0 or 1, which an honest prover fills with bits of x; count constraints.

        They are the bits from number `first` on, by default the low ones. Nothing ties them to x: the caller adds the
        constraint that does.
        """
        self._require_own(x)
        self._require_count(count)
        wires = self._allocate_all([f"bit[{place}]" for place in range(count)], (0, 1))
        self.operations.append(Operation(Opcode.BITS, x.terms, None, wires[0], count, first_bit=first))
        here, made = self.origin(), len(self.constraints)
        minus_one = self.curve.r - 1
        self.constraints += [Constraint({wire: 1}, {wire: 1, ONE: minus_one}, {}, here) for wire in wires]
        self._expect_use_of_hints(wires, made)
        return [Expr(self, {wire: 1}, (0, 1)) for wire in wires]

    def new_scratch(self, count: int) -> list[int]:
        """Wires for the witness program to compute with; see `scratch.py`."""
        self._require_open(count)
        first = SCRATCH + self.n_scratch
        self.n_scratch += count
        return list(range(first, first + count))

    def expect_further_use(self, made: Sequence[Expr]) -> None:
        """Of what the gadget being traced has made before and gives once more, if the user called it."""
        if len(self._scopes) > 1 and self._scopes[-2].location is None:
            path, now = self._scopes[-1].path, len(self.constraints)
            wires = frozenset(wire for value in made for wire in value.terms if wire > ONE)
            self.results.append(Result(wires, 0, now, f"the result of {path[-1]}()", self.origin()))

    def range_proven(self, x: Expr, known: Interval, unit: Unit | None = None) -> Expr:
        """x with an interval that the calling gadget's constraints prove; for a single wire it is remembered.

        The interval is believed: a gadget that calls this states the proof beside the call. A raw x takes the `unit`
        given here, any other keeps its own.
        """
        self._require_own(x)
        self._fitting(known, str(x))
        if len(x.terms) == 1:
            ((wire, coefficient),) = x.terms.items()
            if wire > 0 and coefficient == 1:
                before = self._inner_intervals.get(wire, known)
                self._inner_intervals[wire] = iv.intersection(before, known) or known
        return Expr(self, x.terms, known, x.unit or unit)

    def weighted_sum(self, parts: Iterable[tuple[Expr, int]]) -> Expr:
        """The sum of expressions times integers, in time linear in its length."""
        listed = list(parts)
        self._require_own(*(value for value, _ in listed))
        if not all(type(weight) is int for _, weight in listed):
            self.refuse("the weights of a sum are integers")
        one = self._one_kind([value for value, _ in listed])
        known: Interval | None = (0, 0) if one is None or one.interval is not None else None
        for value, weight in listed:
            if known is not None:
                known = None if value.interval is None else iv.add(known, iv.scale(value.interval, weight))
        terms = sum_terms(((value.terms, weight) for value, weight in listed), self.curve.r)
        if known is not None and sum(len(value.terms) for value, _ in listed) > len(terms):
            known = self.tightened(known, terms)
        known = self.checked(known, tuple(value for value, _ in listed), " + ")
        return Expr(self, terms, known, one.unit if one is not None else None)

    def _one_kind(self, values: Sequence[Expr]) -> Expr | None:
        """The first value that is more than a constant without a unit, once all others are of its kind and unit."""
        first = next((value for value in values if value.unit is not None or not value.is_constant), None)
        if first is not None:
            for value in values:
                require_same_kind(first, value, "+")
                common_unit(first, value, "+")
        return first

    def field_sum(self, parts: Iterable[tuple[Expr, int]]) -> Expr:
        """The same sum in the field: a raw element, without an interval to check or to rely on."""
        listed = list(parts)
        self._require_own(*(value for value, _ in listed))
        return Expr(self, sum_terms(((value.terms, weight) for value, weight in listed), self.curve.r), None)

    def stamp(self, block: Block, parameters: Sequence[Expr] = ()) -> Expr:
        """Append a recorded block; the last `block.entry_wires` wires are its entry. Its output is a raw element."""
        self._require_own(*parameters)
        self._require_open(block.new_wires)
        origin = self.origin()
        base = len(self.inner_names) - block.entry_wires
        self.inner_names.extend([(origin, "round")] * block.new_wires)
        stamp = Stamp(block, base, self.n_scratch, tuple(value.terms for value in parameters), origin)
        self.n_scratch += block.scratch
        self.constraints.append(stamp)
        self.operations.append(stamp)
        return Expr(self, shifted(block.output, base), None)

    # Intervals

    def tightened(self, known: Interval, terms: Terms) -> Interval:
        """The interval that the wires' own intervals give, cut with `known`.

        Both hold: each says which integer of the symmetric range the same field element stands for. Where wires cancel,
        as in (a + b) - b, the wires know more.
        """
        low = high = signed(terms.get(ONE, 0), self.curve.r)
        for wire, coefficient in terms.items():
            if wire == ONE:
                continue
            own = self._interval_of(wire)
            if own is None:
                return known
            part = iv.scale(own, signed(coefficient, self.curve.r))
            low, high = low + part[0], high + part[1]
        if low < -self.half or high > self.half:
            return known
        return iv.intersection(known, (low, high)) or known

    def checked(self, known: Interval | None, parts: Sequence[Expr | int], joint: str) -> Interval | None:
        """`known`, unless it reaches outside +-(r - 1) / 2: then the field could wrap, and the user's line is named."""
        if known is not None and (known[0] < -self.half or known[1] > self.half):
            text = joint.join(f"({part})" if joint == " * " and " " in str(part) else str(part) for part in parts)
            self.refuse(
                f"overflow: {_cut(text)} needs {iv.width(known)} bits, and the field holds "
                f"{self.half.bit_length() - 1} ({_widest(parts)}); "
                "bound its parts more tightly or divide before multiplying"
            )
        return known

    def inner_interval(self, wire: int) -> Interval | None:
        """What has been proven of an inner wire, by its number."""
        return self._inner_intervals.get(wire)

    def _interval_of(self, wire: int) -> Interval | None:
        return self._input_wires[-wire - 1][1] if wire < 0 else self._inner_intervals.get(wire)

    def _fitting(self, known: Interval, what: str) -> Interval:
        if not (isinstance(known, tuple) and len(known) == 2 and all(type(end) is int for end in known)):
            self.refuse(f"the interval of {what} is two integers, not {known!r}")
        if known[0] > known[1]:
            self.refuse(f"the interval [{known[0]}, {known[1]}] of {what} is empty")
        if known[0] < -self.half or known[1] > self.half:
            self.refuse(
                f"overflow: {what} would need {iv.width(known)} bits, and the field holds {self.half.bit_length() - 1}"
            )
        return known

    # Names and places

    def enter(self, gadget: str, location: Location | None, call: Call | None = None) -> None:
        """Put a gadget on the path; inside the language's own gadgets the user's line is known already."""
        outer = self._scopes[-1]
        if len(outer.path) >= DEEPEST_NESTING:
            self.refuse(
                f"circuit {self.name!r} recurses without end: gadgets are nested {DEEPEST_NESTING} deep, "
                "and nothing stops it"
            )
        self._scopes.append(_Scope((*outer.path, gadget), outer.location or location, call or outer.call))

    def leave(self) -> None:
        self._scopes.pop()

    @property
    def n_inner_wires(self) -> int:
        return len(self.inner_names)

    @property
    def in_user_code(self) -> bool:
        """Is what runs now the user's own, and not a gadget of the language?"""
        return self._scopes[-1].location is None

    def origin(self) -> Origin:
        path, location, call = self._scopes[-1]
        return Origin(path, location or user_location(), call)

    def refuse(self, reason: str) -> NoReturn:
        """Raise a `BuildError` at the user's line."""
        path, location, _ = self._scopes[-1]
        where = location or user_location()
        raise BuildError(
            f"{path[-1]}(): {reason}" if path else reason, file=where.file, line=where.line, text=where.text
        )

    def wire_name(self, wire: int) -> str:
        """The name of an input, or the gadget path and number of an inner wire."""
        if wire < 0:
            return self._input_wires[-wire - 1][0]
        if wire == ONE:
            return "one"
        if wire >= SCRATCH:
            return f"scratch_{wire - SCRATCH}"
        return inner_wire_name(self.inner_names[wire - 1], wire)

    def render(self, terms: Terms) -> str:
        return render_terms(terms, self.wire_name, self.curve.r)

    def input_wire_names(self) -> list[str]:
        return [name for name, _ in self._input_wires]

    def seal(self) -> None:
        """After the build nothing can be added."""
        self._sealed = True

    def _allocate(self, label: str, known: Interval | None) -> int:
        return self._allocate_all([label], known)[0]

    def _allocate_all(self, labels: Sequence[str], known: Interval | None) -> Sequence[int]:
        self._require_open(len(labels))
        here, first = self.origin(), len(self.inner_names) + 1
        self.inner_names += [(here, label) for label in labels]
        wires = range(first, first + len(labels))
        if known is not None:
            self._inner_intervals |= dict.fromkeys(wires, known)
        return wires

    def _require_own(self, *values: Expr) -> None:
        for value in values:
            if not isinstance(value, Expr):
                self.refuse(f"an expression is needed here, not {type(value).__name__}: c.constant(...) makes one")
            if value.circuit is not self:
                self.refuse(f"{value} is an expression of another circuit, {value.circuit.name!r}")

    def _require_count(self, count: int) -> None:
        if type(count) is not int or count < 1:
            self.refuse(f"a hint makes at least one wire, not {count!r}")

    def _require_open(self, wires: int = 1) -> None:
        if self._sealed:
            self.refuse(f"circuit {self.name!r} is built already; nothing can be added to it")
        if max(len(self.inner_names) + len(self._input_wires) + wires, len(self.constraints)) > self.limit:
            self.refuse(
                f"circuit {self.name!r} grows beyond {self.limit} wires or constraints; "
                "if it is meant to, give build() a larger limit"
            )


class _Scope(NamedTuple):
    """Where the trace is: the gadgets entered, the user's line once a gadget of the language is, the user's call."""

    path: tuple[str, ...]
    location: Location | None
    call: Call | None


def inner_wire_name(entry: tuple[Origin, str], number: int) -> str:
    """`merkle_root.select.product_17`: unique because inner wires are numbered."""
    origin, label = entry
    return ".".join((*origin.gadget, f"{label}_{number}"))


def _widest(parts: Sequence[Expr | int]) -> str:
    """Which part is to blame: `price has 200 bits`."""

    def bits(part: Expr | int) -> int:
        if isinstance(part, Expr):
            return iv.width(part.interval) if part.interval is not None else 0
        return abs(part).bit_length()

    widest = max(parts, key=bits)
    return f"{_cut(str(widest))} has {bits(widest)} bits"


def _cut(text: str) -> str:
    return text if len(text) <= 2 * _TRUNCATED else f"{text[:_TRUNCATED]} ... {text[-_TRUNCATED:]}"
