"""The ledger over HTTP: problem documents for any framework, and a ready service on FastAPI."""

from .entry import create_app, serve
from .problems import MEDIA_TYPE, PROBLEMS, Problem, problem_of
from .settings import ServiceSettings
from .tokens import Token, read_token_file, token_from

__all__ = [
    "MEDIA_TYPE",
    "PROBLEMS",
    "Problem",
    "ServiceSettings",
    "Token",
    "create_app",
    "problem_of",
    "read_token_file",
    "serve",
    "token_from",
]
