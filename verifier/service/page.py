"""The read-only page: three files of our own, served under a policy that lets the browser load nothing else.

Everything that the page shows it asks of the service's own reading routes, and puts into the document as text.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
MEDIA_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "mark.svg": "image/svg+xml",
}

PAGE_ROUTER = APIRouter(include_in_schema=False)


@PAGE_ROUTER.get("/")
async def index() -> Response:
    return _file("index.html")


@PAGE_ROUTER.get("/page.js")
async def script() -> Response:
    return _file("page.js")


@PAGE_ROUTER.get("/page.css")
async def style() -> Response:
    return _file("page.css")


@PAGE_ROUTER.get("/mark.svg")
async def mark() -> Response:
    return _file("mark.svg")


@lru_cache(maxsize=len(MEDIA_TYPES))
def _read(name: str) -> bytes:
    return (files(__package__) / "web" / name).read_bytes()


def _file(name: str) -> Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return Response(_read(name), media_type=MEDIA_TYPES[name], headers=headers)
