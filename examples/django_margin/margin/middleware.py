"""Whatever a view raises, as a problem document with a stable code."""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from zkmargin.algebra import ZkMarginError
from zkmargin.verifier.service import Problem, problem_of

log = logging.getLogger(__name__)


class ProblemDocuments(MiddlewareMixin):
    """Knows the verifier's errors and a body that is too long; others are Django's to report."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, RequestDataTooBig):
            return answer(Problem("too-large", "a settlement request is shorter"))
        if not isinstance(error, ZkMarginError):
            return None
        problem = problem_of(error)
        if problem.status >= 500:  # ours, and for our log: a problem document does not say what outsiders need not know
            log.error("%s: %s", problem.code, error)
        return answer(problem)


def answer(problem: Problem) -> HttpResponse:
    return HttpResponse(problem.body(), status=problem.status, headers=problem.headers())
