"""The reference of the gadgets is true: examples run, printed text and costs compared, signatures and sources named.

After a change that is meant: `python tests/docs/test_gadget_pages.py` writes what the pages print, the signatures, the
costs in the tables and the index's column of costs anew, and says which formulas no longer give the recorded cost.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import linecache
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from zkmargin.circuits import gadgets

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "gadgets"
INDEX = FOLDER / "README.md"
OWN = "your-own.md"
COUNTS = ROOT / "tests" / "circuits" / "data" / "counts.json"
PAGES = sorted(page.name for page in FOLDER.glob("*.md") if page != INDEX)
FACTS = ("Takes", "Trusts", "Refuses while building", "At the edges", "Units", "Sound because", "Plain twin")
RENEW = "where that is meant, `python tests/docs/test_gadget_pages.py` writes it anew"

CODE = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n(?P<shown>.*?)```\n)?", re.DOTALL)
COST = re.compile(
    r"^\| (?P<words>[^|`]*`(?P<formula>[^`]+)`[^|]*) "
    r"\| `(?P<name>[^`|]+)`(?: with (?P<given>[^|]*))? \| (?P<count>\d+) \|$",
    re.MULTILINE,
)
SIGNED = re.compile(r"^`(?P<signature>(?P<name>\w+)\(.*?)` in \[[\w/.]+\]\((?P<source>[^)]+)\)$", re.MULTILINE)
ROW = re.compile(r"^\| \[`(?P<name>\w+)`\]\((?P<link>[^)]+)\) \| (?P<says>[^|]+) \| (?P<cost>[^|]+) \|$", re.MULTILINE)


@cache
def recorded() -> dict[str, int]:
    return {name: counts["constraints"] for name, counts in json.loads(COUNTS.read_text())["gadgets"].items()}


def text_of(page: str) -> str:
    return (FOLDER / page).read_text()


# Examples


def examples(page: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each python block of a page, run in order in one namespace, and what it printed."""
    names: dict[str, object] = {"__name__": "example"}
    for place, block in enumerate(CODE.finditer(text_of(page)), 1):
        source, file = block["code"], f"example{place}.py"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(source, file, "exec"), names)
        yield block, output.getvalue()


@pytest.mark.filterwarnings("error::zkmargin.circuits.CircuitWarning")
@pytest.mark.parametrize("page", PAGES)
def test_the_examples_print_what_is_shown(page: str) -> None:
    ran = list(examples(page))
    assert any(block["shown"] for block, _ in ran), "a page has an example that shows what it prints"
    for block, printed in ran:
        assert (block["shown"] or "") == printed, RENEW


@pytest.mark.parametrize("page", PAGES)
def test_an_example_accepts_and_refuses(page: str) -> None:
    """What is shown has a witness that holds, and one that does not or a circuit that is refused."""
    shown = "".join(block["shown"] or "" for block in CODE.finditer(text_of(page)))
    assert re.search(r"\bholds$", shown, re.MULTILINE)
    assert re.search(r"\b(breaks|refused)\b", shown)


def test_nothing_but_python_and_its_output_is_fenced() -> None:
    for page in PAGES:
        fences = re.findall(r"^```(.+)$", text_of(page), re.MULTILINE)
        blocks = list(CODE.finditer(text_of(page)))
        assert len(fences) == len(blocks) + sum(block["shown"] is not None for block in blocks), page


# Costs


class CostRow(NamedTuple):
    gadget: str
    words: str
    formula: str
    example: str
    given: str
    count: int

    def computed(self) -> int:
        """The formula's value for the example's numbers."""
        numbers = {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)", self.given)}
        found = eval(self.formula, {"__builtins__": {}}, numbers)
        assert type(found) is int
        return found

    def in_the_index(self) -> str:
        """`n + 1`: 65 for 64-bit words."""
        if self.formula.isdecimal():
            return self.formula
        return f"`{self.formula}`: {self.count} with {self.given}"


def cost_rows(page: str) -> list[CostRow]:
    return [
        CostRow(
            re.split(r"[ ,]", row["name"])[0],
            row["words"],
            row["formula"],
            row["name"],
            row["given"] or "",
            int(row["count"]),
        )
        for row in COST.finditer(text_of(page))
    ]


@pytest.mark.parametrize("page", [page for page in PAGES if page != OWN])
def test_the_costs_are_those_recorded(page: str) -> None:
    """`tests/circuits/test_counts.py` holds the record against the gadgets."""
    tables = re.findall(r"^\| cost \|.*\n\| --- .*\n((?:\|.*\n)+)", text_of(page), re.MULTILINE)
    rows = cost_rows(page)
    assert len(rows) == sum(table.count("\n") for table in tables), "a row is: what, `formula` | `example` | count"
    for row in rows:
        assert row.count == recorded()[row.example], RENEW
        assert row.computed() == row.count, f"{page}: {row.formula} with {row.given or 'nothing'} is not {row.count}"


# Names, signatures, sources


def source_of(name: str) -> tuple[str, str]:
    """The signature of a gadget as it is written, and the file that has it."""
    defined = getattr(gadgets, name)
    (tree,) = ast.parse(inspect.getsource(defined)).body
    file = defined.__module__.replace("zkmargin.", "").replace(".", "/") + ".py"
    if isinstance(tree, ast.FunctionDef):
        assert tree.returns is not None
        return f"{name}({ast.unparse(tree.args)}) -> {ast.unparse(tree.returns)}", file
    assert isinstance(tree, ast.ClassDef)
    members = [ast.unparse(line) for line in tree.body if isinstance(line, ast.AnnAssign)]
    if not members:
        return source_of(tree.bases[0].id)[0].replace(tree.bases[0].id, name, 1), file  # type: ignore[attr-defined]
    return f"{name}({', '.join(members)})", file


def sections(page: str) -> dict[str, re.Match[str]]:
    """By gadget, the line that has its signature and source."""
    return {found["name"]: found for found in SIGNED.finditer(text_of(page))}


def page_of() -> dict[str, str]:
    return {name: page for page in PAGES if page != OWN for name in sections(page)}


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_gadget_has_one_page() -> None:
    described = [name for page in PAGES if page != OWN for name in sections(page)]
    assert sorted(set(gadgets.__all__) - set(described)) == []
    assert sorted(described) == sorted(set(described) & set(gadgets.__all__))


@pytest.mark.parametrize("page", [page for page in PAGES if page != OWN])
def test_signatures_and_sources_are_those_of_the_code(page: str) -> None:
    for name, found in sections(page).items():
        signature, file = source_of(name)
        assert found["signature"] == signature
        assert (FOLDER / found["source"]).resolve() == ROOT / file
        assert name.lower() in anchors(FOLDER / page), f"no heading for {name}"


@pytest.mark.parametrize("page", [page for page in PAGES if page != OWN])
def test_the_facts_are_all_there(page: str) -> None:
    assert sections(page), "a page has a gadget: `name(...) -> ...` in [file](path)"
    named = re.findall(r"^- \*\*([^*]+)\*\*", text_of(page), re.MULTILINE)
    assert [fact for fact in FACTS if fact not in named] == []


# Index


def index_rows(text: str) -> dict[str, re.Match[str]]:
    return {row["name"]: row for row in ROW.finditer(text)}


def cost_in_the_index(name: str) -> str:
    """That of the first row on its page; a class is no constraint."""
    if isinstance(getattr(gadgets, name), type):
        return "0"
    rows = [row for row in cost_rows(page_of()[name]) if row.gadget == name]
    assert rows, f"{name} has no row in the table of costs on its page"
    return rows[0].in_the_index()


def test_the_index_has_every_gadget_once_with_its_page_and_cost() -> None:
    text = INDEX.read_text()
    assert sorted(row["name"] for row in ROW.finditer(text)) == sorted(gadgets.__all__)
    for name, row in index_rows(text).items():
        page, _, anchor = row["link"].partition("#")
        assert page == page_of()[name]
        assert (anchor or page.removesuffix(".md").lower()) == name.lower()
        assert row["cost"] == cost_in_the_index(name), RENEW


def test_the_index_names_every_page() -> None:
    assert [page for page in PAGES if f"]({page}" not in INDEX.read_text()] == []


# Links


@pytest.mark.parametrize("page", [INDEX.name, *PAGES])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", CODE.sub("", text_of(page)))
    for target, _, anchor in (link.partition("#") for link in links):
        file = FOLDER / target if target else FOLDER / page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


def renewed(page: str) -> str:
    """The page with the printed text, the signatures and the recorded costs of today."""
    text = text_of(page)
    for block, printed in reversed(list(examples(page))):
        if block["shown"] is not None:
            start, end = block.span("shown")
            text = text[:start] + printed + text[end:]
    for found in reversed(list(SIGNED.finditer(text))):
        if found["name"] in gadgets.__all__:
            start, end = found.span("signature")
            text = text[:start] + source_of(found["name"])[0] + text[end:]
    for row in reversed(list(COST.finditer(text))):
        start, end = row.span("count")
        text = text[:start] + str(recorded().get(row["name"], row["count"])) + text[end:]
    return text


def main() -> None:
    for page in PAGES:
        (FOLDER / page).write_text(renewed(page))
        for row in cost_rows(page):
            if row.computed() != row.count:
                print(f"{page}: {row.example} costs {row.count}, and {row.formula} gives {row.computed()}")
    text = INDEX.read_text()
    for name, row in reversed(index_rows(text).items()):
        start, end = row.span("cost")
        text = text[:start] + cost_in_the_index(name) + text[end:]
    INDEX.write_text(text)


if __name__ == "__main__":
    main()
