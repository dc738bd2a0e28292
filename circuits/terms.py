"""Linear combinations as dictionaries: wire to coefficient mod r, zero coefficients left out.

While a circuit is being built a wire is numbered so that nothing moves when more inputs are declared: 0 is the constant
one, inputs are -1, -2, ... in order of declaration, inner wires 1, 2, ... in order of creation, scratch SCRATCH, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

Terms = dict[int, int]
"""Never changed once it stands in an expression or a constraint."""

ONE = 0
SCRATCH = 1 << 30
SHOWN_TERMS = 6
SHOWN_DIGITS = 40


def add_terms(a: Terms, b: Terms, sign: int, modulus: int) -> tuple[Terms, bool]:
    """a + sign * b, and whether the two have a wire in common."""
    total, shared = dict(a), False
    for wire, coefficient in b.items():
        before = total.get(wire)
        if before is None:
            total[wire] = coefficient if sign == 1 else modulus - coefficient
            continue
        shared = shared or wire != ONE
        after = (before + sign * coefficient) % modulus
        if after:
            total[wire] = after
        else:
            del total[wire]
    return total, shared


def scale_terms(a: Terms, factor: int, modulus: int) -> Terms:
    factor %= modulus
    if factor == 0:
        return {}
    return {wire: coefficient * factor % modulus for wire, coefficient in a.items()}


def add_scaled(total: Terms, terms: Terms, factor: int, modulus: int) -> None:
    """total + factor * terms, in place: for a combination that stands nowhere yet."""
    for wire, coefficient in terms.items():
        after = (total.get(wire, 0) + factor * coefficient) % modulus
        if after:
            total[wire] = after
        else:
            total.pop(wire, None)


def sum_terms(parts: Iterable[tuple[Terms, int]], modulus: int) -> Terms:
    """The sum of multiples, in time linear in the number of terms."""
    total: Terms = {}
    for terms, factor in parts:
        for wire, coefficient in terms.items():
            total[wire] = total.get(wire, 0) + coefficient * factor
    reduced = ((wire, coefficient % modulus) for wire, coefficient in total.items())
    return {wire: coefficient for wire, coefficient in reduced if coefficient}


def signed(coefficient: int, modulus: int) -> int:
    """The representative nearest to zero."""
    return coefficient - modulus if coefficient > modulus // 2 else coefficient


def render_terms(terms: Mapping[int, int], name_of: Callable[[int], str], modulus: int) -> str:
    """As a person would write it: `balance - 2*debt + 5`; long sums are cut."""
    ordered = [wire for wire in terms if wire != ONE]
    shown = ordered[:SHOWN_TERMS]
    text = "".join(_render_term(signed(terms[wire], modulus), name_of(wire)) for wire in shown)
    if len(ordered) > len(shown):
        text += f" + ({len(ordered) - len(shown)} more terms)"
    if ONE in terms:
        text += _render_term(signed(terms[ONE], modulus), "")
    text = text.removeprefix(" + ")
    return "-" + text.removeprefix(" - ") if text.startswith(" - ") else text or "0"


def _render_term(coefficient: int, name: str) -> str:
    sign, size = (" - ", -coefficient) if coefficient < 0 else (" + ", coefficient)
    if name and size == 1:
        return sign + name
    return f"{sign}{_render_size(size)}*{name}" if name else f"{sign}{_render_size(size)}"


def _render_size(size: int) -> str:
    """Packing factors as powers of two, and a hash's coefficients, which nobody reads, cut."""
    if size >= 1 << 16 and size & (size - 1) == 0:
        return f"2^{size.bit_length() - 1}"
    digits = str(size)
    return digits if len(digits) <= SHOWN_DIGITS else f"{digits[:6]}...{digits[-4:]}"
