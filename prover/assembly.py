"""From a trader's account and the public tables to the inputs of the margin circuit.

The plain rules run first: a false statement is refused here, with the part that falls short, before any proving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from zkmargin.algebra import BN254
from zkmargin.circuits.errors import InputError, StatementFalse
from zkmargin.circuits.margin import (
    Evaluation,
    Holdings,
    RiskTable,
    Shape,
    account_pseudonym,
    evaluate,
    key_commitment,
    net,
    nullifier,
    packing,
    require_claim,
    venue_group,
)
from zkmargin.circuits.margin.rules import worst_half_units
from zkmargin.verifier import PublicInputs, Terms

from .accounts import Opening

CircuitInputs = Mapping[str, int | Sequence[int]]


@dataclass(frozen=True)
class Claim:
    """Everything one margin proof is about. `secret` and the openings never leave the trader."""

    shape: Shape
    secret: int
    openings: tuple[Opening, ...]
    table: RiskTable
    target: int
    credit_e8: int
    horizon_ms: int
    context: int

    def __repr__(self) -> str:
        """Names the shape and target only, so that a log line cannot leak an account."""
        return f"Claim(shape={self.shape.name!r}, target={self.target:#x})"

    def holdings(self) -> Holdings:
        return net([opening.leaf for opening in self.openings], self.target)

    def terms(self) -> Terms:
        return Terms(self.credit_e8, self.horizon_ms, self.holdings().sequence)

    def evaluation(self) -> Evaluation:
        """Both sides of the claim by the plain rules; says by how much it holds."""
        return evaluate(self.shape, self.table, self.holdings(), self.horizon_ms)

    def require_true(self) -> None:
        """Raise `InputError` for values that fit no circuit, `StatementFalse` for a claim that does not hold."""
        _ = self._found_true

    @cached_property
    def _found_true(self) -> bool:
        """A claim does not change, so what was found true once is not looked at again; a false one always raises."""
        self._require_well_formed()
        for opening in self.openings:
            opening.require_member(self.shape)
            if opening.leaf.key_commitment != key_commitment(self.secret):
                raise StatementFalse("membership", "the account belongs to another key")
        if any(opening.leaf.group != self._group() for opening in self.openings):
            raise StatementFalse("membership", "the account is netted with a different group of venues")
        require_claim(self.evaluation(), self.holdings(), self.credit_e8)
        return True

    def public_inputs(self) -> PublicInputs:
        """What the target will see, and all that it will see."""
        return self._public_inputs

    @cached_property
    def _public_inputs(self) -> PublicInputs:
        terms = self.terms()
        return PublicInputs(
            target=self.target,
            source_roots=tuple(opening.source_root for opening in self.openings),
            risk_root=self.table.root(self.shape),
            account=account_pseudonym(self.secret, self.target),
            nullifier=nullifier(self.secret, self.target, terms.sequence),
            terms=terms.pack(),
            context=self.context,
        )

    def circuit_inputs(self) -> CircuitInputs:
        """The inputs of `margin_statement` by name; checks the claim first."""
        self.require_true()
        return self.circuit_inputs_unchecked()

    def circuit_inputs_unchecked(self) -> CircuitInputs:
        """The same without the check: for a false claim these inputs satisfy no circuit."""
        inputs: dict[str, int | Sequence[int]] = {}
        inputs |= self._public_values()
        inputs |= table_values(self.shape, self.table)
        for venue, opening in enumerate(self.openings):
            inputs |= _leaf_values(venue, opening, self.shape)
        inputs |= {
            "secret": self.secret,
            "venue_id": [opening.venue_id for opening in self.openings],
            "credit_e8": self.credit_e8,
            "horizon_ms": self.horizon_ms,
        }
        inputs |= {f"shock_e9[{a}]": shock for a, shock in enumerate(self.evaluation().shocks_e9)}
        return inputs | self._worst()

    def _require_well_formed(self) -> None:
        if len(self.openings) != self.shape.venues:
            raise InputError(
                "openings", f"{len(self.openings)} given; shape {self.shape.name!r} nets {self.shape.venues}"
            )
        for name in ("secret", "target", "context"):
            if not 0 <= getattr(self, name) < BN254.r:
                raise InputError(name, "is not a field element")
        self.table.validate(self.shape)
        for opening in self.openings:
            opening.leaf.validate(self.shape)
        ids = [opening.venue_id for opening in self.openings]
        if any(not 0 <= venue_id < 1 << 64 for venue_id in ids) or sorted(set(ids)) != ids:
            raise InputError("openings", "must come in strictly ascending order of their venue ids")
        self.terms().pack()

    def _group(self) -> int:
        return venue_group([opening.venue_id for opening in self.openings])

    def _public_values(self) -> dict[str, int | Sequence[int]]:
        public = self.public_inputs()
        return {
            "target": public.target,
            "source_root": list(public.source_roots),
            "risk_root": public.risk_root,
            "account": public.account,
            "nullifier": public.nullifier,
            "terms": public.terms,
            "context": public.context,
        }

    def _worst(self) -> dict[str, int | Sequence[int]]:
        """Twice each underlying's worst loss in a scenario, which the prover names."""
        shape, positions = self.shape, self.holdings().positions_e8
        return {
            f"worst_half_units[{u}]": worst_half_units(shape, self.table, positions, u)
            for u in range(shape.underlyings if shape.scenarios else 0)
        }


def table_values(shape: Shape, table: RiskTable) -> dict[str, int]:
    """The table's numbers by the names that `declare_table` gives them."""
    columns: dict[str, Sequence[int]] = {
        "price_low_e8": [asset.price_low_e8 for asset in table.assets],
        "price_high_e8": [asset.price_high_e8 for asset in table.assets],
        "variance_rates_e18": packing.pack_all(packing.variance_layouts(shape), table.variance_rates_e18()),
        "contingency_charge_e14": [row.contingency_charge_e14 for row in table.underlyings],
        "liquidity_charge_e14": [row.liquidity_charge_e14 for row in table.underlyings],
        "liquidity_free_e8": packing.pack_all(
            packing.liquidity_layouts(shape), [row.liquidity_free_e8 for row in table.underlyings]
        ),
        "value_unit_e16": [row.value_unit_e16 for row in table.underlyings],
        "gamma_unit_e8": [row.gamma_unit_e8 for row in table.underlyings],
    }
    if shape.scenarios:
        columns["scenario_horizon_ms"] = [table.scenario_horizon_ms]
    for a, asset in enumerate(table.assets):
        columns[f"tiers[{a}]"] = packing.pack_all(packing.tier_layouts(shape), packing.tier_lanes(asset))
    for k, row in enumerate(table.instruments):
        columns[f"instruments[{k}]"] = packing.pack_all(packing.risk_layouts(shape), packing.risk_lanes(row))
    return {f"risk.{name}[{place}]": value for name, column in columns.items() for place, value in enumerate(column)}


def _leaf_values(venue: int, opening: Opening, shape: Shape) -> dict[str, int | Sequence[int]]:
    leaf, name = opening.leaf, f"leaf[{venue}]"
    values: dict[str, int | Sequence[int]] = {
        f"{name}.salt": leaf.salt,
        f"{name}.sequence": leaf.sequence,
        f"{name}.balances_e8": leaf.balances_e8,
        f"{name}.debts_e8": leaf.debts_e8,
        f"{name}.reservation_target": [slot.target for slot in leaf.reservations],
        f"{name}.reservation_e8": [slot.amount_e8 for slot in leaf.reservations],
        f"epoch[{venue}]": opening.epoch,
    }
    for level, children in enumerate(opening.children(shape)):
        values[f"path[{venue}].children[{level}]"] = children
    if shape.venues > 1:
        values[f"{name}.positions_e8"] = leaf.positions_e8
    else:
        values |= {f"{name}.positions_e8[{k}]": q for k, q in enumerate(leaf.positions_e8)}
    return values
