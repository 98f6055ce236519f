"""The documents are true of the tree: what they name is there, and no package is left out."""

import re
import tomllib
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
FLOORS = ("ledger", "policies", "commands", "projections")
A_SCREEN = 70
ELSEWHERE = {"node_modules", "dist"}
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
NAMED = re.compile(r"`([\w.*-]+(?:/[\w.*-]+)+\.(?:py|toml|md))`")
FIRST_CELL = re.compile(r"(?m)^\| ([^|]+) \|")
MODULE = re.compile(r"`([\w]+\.(?:py|toml|md))`")
QUOTED = re.compile(r'"([^"]+)"')


def documents() -> list[Path]:
    """Return every document of the tree, in order."""
    found = (path.relative_to(HOME) for path in HOME.rglob("*.md"))
    return sorted(
        path
        for path in found
        if not any(part in ELSEWHERE or part.startswith(".") for part in path.parts)
    )


def packages() -> list[Path]:
    """Return every package of every floor, the floors themselves included."""
    return sorted(
        path.parent.relative_to(HOME)
        for floor in FLOORS
        for path in (HOME / floor).rglob("__init__.py")
    )


def is_there(document: Path, named: str) -> bool:
    """Tell whether a path, or any path of a pattern, is beside a document or in the tree."""
    places = (HOME / document.parent, HOME)
    return any(next(place.glob(named), None) is not None for place in places)


@pytest.mark.parametrize("document", documents(), ids=str)
def test_each_path_that_a_document_names_is_there(document: Path) -> None:
    """Relative links and paths in backticks lead to a file beside the document or in the tree."""
    text = (HOME / document).read_text(encoding="utf-8")
    links = [link for link in LINK.findall(text) if "://" not in link]
    missing = [link for link in links if not (HOME / document.parent / link).exists()]
    missing += [named for named in NAMED.findall(text) if not is_there(document, named)]
    assert missing == []


@pytest.mark.parametrize("document", documents(), ids=str)
def test_each_module_that_a_table_explains_is_there(document: Path) -> None:
    """A file at the head of a row lies beside the document: nothing that is gone is explained."""
    cells = FIRST_CELL.findall((HOME / document).read_text(encoding="utf-8"))
    modules = [module for cell in cells for module in MODULE.findall(cell)]
    assert [m for m in modules if not (HOME / document.parent / m).is_file()] == []


@pytest.mark.parametrize("package", packages(), ids=str)
def test_each_package_has_a_readme_of_one_screen(package: Path) -> None:
    """Every package says what it is in a README.md that is read at once."""
    text = (HOME / package / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= A_SCREEN


@pytest.mark.parametrize("floor", FLOORS)
def test_each_contract_that_a_floor_names_is_kept(floor: str) -> None:
    """What a README.md says is checked is a contract of the project, by its name."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {each["name"] for each in project["tool"]["importlinter"]["contracts"]}
    text = " ".join((HOME / floor / "README.md").read_text(encoding="utf-8").split())
    named = QUOTED.findall(text[text.index("`uv run lint-imports`") :].split(" ## ")[0])
    assert named
    assert [name for name in named if name not in contracts] == []


@pytest.mark.parametrize("floor", FLOORS)
def test_each_floor_names_its_packages(floor: str) -> None:
    """The README.md of a floor has a line for each package directly in it."""
    text = (HOME / floor / "README.md").read_text(encoding="utf-8")
    topics = [package.name for package in packages() if package.parent == Path(floor)]
    assert [topic for topic in topics if f"| `{topic}/` |" not in text] == []
    assert topics
