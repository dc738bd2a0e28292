"""Tokens: from the environment or a private file, and never out again."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from zkmargin.verifier import ConfigError
from zkmargin.verifier.service import ServiceSettings, Token, read_token_file, token_from

SECRET = "c2VjcmV0-of-at-least-24-characters"


def private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_token_knows_itself_alone() -> None:
    token = Token(SECRET)
    assert token.matches(SECRET)
    for other in ("", SECRET[:-1], SECRET + "x", SECRET.upper(), "\N{SNOWMAN}" * 30):
        assert not token.matches(other)


def test_a_token_cannot_be_seen() -> None:
    settings = ServiceSettings(operator_token=Token(SECRET))
    assert SECRET not in f"{settings!r} {settings.operator_token}"
    with pytest.raises(TypeError):
        pickle.dumps(Token(SECRET))


@pytest.mark.parametrize("text", ["", "short", "x" * 513, "with a blank in the middle of it", "ümlaut" * 6])
def test_a_weak_or_unsendable_token_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Token(text)
    assert not text or text not in str(refused.value)


def test_from_the_environment(tmp_path: Path) -> None:
    file = private(tmp_path / "token", SECRET + "\n")
    for environment in ({"T": SECRET}, {"T_FILE": str(file)}):
        token = token_from(environment, "T")
        assert token is not None
        assert token.matches(SECRET)
    assert token_from({}, "T") is None
    with pytest.raises(ConfigError, match="both"):
        token_from({"T": SECRET, "T_FILE": str(file)}, "T")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o611])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        read_token_file(private(tmp_path / "token", SECRET, mode))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent", Path("a\0b")):
        with pytest.raises(ConfigError):
            read_token_file(path)
    with pytest.raises(ConfigError):
        Token(read_token_file(private(tmp_path / "long", "x" * 5000)))


@pytest.mark.parametrize("name", ["queue_limit", "max_body_bytes", "body_timeout_s"])
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        ServiceSettings(**{name: 0})


def test_the_relay_s_token_is_not_the_operator_s() -> None:
    with pytest.raises(ConfigError, match="whoever relays"):
        ServiceSettings(operator_token=Token(SECRET), relay_token=Token(SECRET))


def test_what_is_wrong_with_a_token_names_its_variable(tmp_path: Path) -> None:
    for environment in ({"OPERATOR": "short"}, {"OPERATOR_FILE": str(tmp_path / "none")}):
        with pytest.raises(ConfigError, match=r"^service: OPERATOR"):
            token_from(environment, "OPERATOR")
