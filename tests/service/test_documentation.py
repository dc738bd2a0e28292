"""docs/service.md says what the service does: every problem, every route."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from zkmargin.verifier.service import PROBLEMS

PAGE = (Path(__file__).parents[2] / "docs/service.md").read_text()


def test_every_problem_is_in_the_table() -> None:
    rows = [f"| {kind.status} | `{code}` | {kind.title} |" for code, kind in sorted(PROBLEMS.items(), key=_order)]
    assert "\n".join(rows) in PAGE


def _order(item: tuple[str, tuple[int, str, int | None]]) -> tuple[int, str]:
    return item[1][0], item[0]


def test_every_route_is_in_the_table(client: TestClient) -> None:
    wordy = PAGE.replace("{pseudonym}", "{account}").replace("{id}", "{settlement_id}")
    wordy = wordy.replace("`POST /v1/breaker/trip`, `probe`, `reset`", "".join(
        f"`POST /v1/breaker/{verb}`" for verb in ("trip", "probe", "reset")
    ))  # fmt: skip
    for path, methods in client.get("/v1/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}" in wordy
