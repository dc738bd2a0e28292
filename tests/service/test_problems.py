"""Problem documents: every refusal has a row, and nothing of the operator's gets out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from zkmargin.algebra import EncodingError, PointError
from zkmargin.verifier import errors
from zkmargin.verifier.errors import DamagedDatabase, LedgerError, Overloaded, Rejected, UnknownSettlement
from zkmargin.verifier.service import PROBLEMS, Problem, problem_of


def kinds_of(kind: type[Rejected]) -> Iterator[type[Rejected]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from kinds_of(child)


@pytest.mark.parametrize("kind", sorted(set(kinds_of(Rejected)), key=lambda kind: kind.__name__))
def test_every_refusal_of_the_ledger_has_a_status(kind: type[Rejected]) -> None:
    code = kind.code.fget(kind.__new__(kind))  # type: ignore[attr-defined]
    assert code in PROBLEMS
    assert PROBLEMS[code].status in (409, 422, 503)


def test_a_refusal_says_its_code_status_and_reason() -> None:
    problem = problem_of(errors.StaleRoot("the root of chain 1 was observed at 5 ms: prove against a newer one"))
    document = json.loads(problem.at("urn:uuid:x").body())
    assert document == {
        "type": "/v1/problems#stale-root",
        "title": "A source root that no longer counts",
        "status": 409,
        "code": "stale-root",
        "detail": "the root of chain 1 was observed at 5 ms: prove against a newer one",
        "instance": "urn:uuid:x",
    }
    assert problem.headers()["Content-Type"] == "application/problem+json"
    assert "Retry-After" not in problem.headers()


def test_malformed_input_is_one_code_with_its_kind() -> None:
    problem = problem_of(PointError("the point is not on the curve", what="proof", index=0))
    assert (problem.status, problem.code) == (400, "malformed")
    assert problem.to_json()["kind"] == "point-error"
    assert problem_of(EncodingError("x")).to_json()["kind"] == "encoding-error"


@pytest.mark.parametrize("kind", [LedgerError, DamagedDatabase])
def test_what_is_wrong_with_the_database_stays_inside(kind: type[LedgerError]) -> None:
    problem = problem_of(kind("postgresql://db.internal/margin", "password authentication failed"))
    assert (problem.status, problem.code) == (503, "ledger-unavailable")
    assert b"internal" not in problem.body()
    assert b"password" not in problem.body()


def test_an_unforeseen_error_says_nothing() -> None:
    problem = problem_of(KeyError("the secret is hunter2"))
    assert (problem.status, problem.code) == (500, "internal-error")
    assert b"hunter2" not in problem.body()


def test_what_may_be_sent_again_says_when() -> None:
    assert problem_of(Overloaded(10, 10)).headers()["Retry-After"] == "1"
    assert problem_of(errors.BreakerOpen("a test")).headers()["Retry-After"] == "30"
    assert problem_of(UnknownSettlement(bytes(32))).status == 404


def test_a_refusal_without_a_row_is_still_a_refusal() -> None:
    assert Problem("something-new").status == 422


def test_a_detail_has_an_end() -> None:
    assert len(Problem("malformed", "x" * 10_000).to_json()["detail"]) == 400
