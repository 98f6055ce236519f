"""A tiny tree: which mutants there are, which of them its tests kill, and what is told of it."""

import subprocess
from pathlib import Path

import pytest

from tests.mutation import campaign
from tests.mutation.campaign import Area, Tried
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.trees import Judges, Tree, judge

CODE = '''"""A tiny module: its docstring has 1 number."""

LIMIT = 10


def reached(sessions: int, limit: int = LIMIT) -> bool:
    """Tell whether a limit is reached."""
    return sessions >= limit


def nearest(days: list[int], most: int) -> list[int]:
    return sorted(days, key=abs)[:most]


def waits() -> int:
    n = 0
    while n < 1:
        n += 1
    return n
'''
TESTS = """from tiny.limits import reached, waits


def test_a_limit_is_reached():
    assert reached(10)
    assert not reached(1)
    assert waits() == 1
"""
VALUES = """# of 2024-08-19: 10 sessions
[[rule]]
name = "threshold" # 10
value = { sessions = 10, flag = true, "s.444(1)" = 1000 }
needs = ["an order", "a notice"]
from = 2024-08-19
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    source = tmp_path_factory.mktemp("source")
    files = {"tiny/limits.py": CODE, "tiny/law.toml": VALUES, "tests/tiny/test_limits.py": TESTS}
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, "utf-8")
    subprocess.run(["git", "init", "-q"], cwd=source, check=True)
    return Tree.copied(source, tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def judges(tree: Tree) -> Judges:
    return Judges.measured(tree, ["tests/tiny"], ["tiny"])


def changes(path: str, text: str) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for each in mutants(path, text.encode()):
        found.setdefault(each.operator, set()).add(each.lines(text.encode()))
    return found


def of_code(line: str) -> dict[str, set[str]]:
    """Return what one statement of a function may become, by operator."""
    text = f"def f(a, b, c):\n    {line}\n"
    return {operator: {new for _, new in both} for operator, both in changes("a.py", text).items()}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a < b", {"boundary": {"a <= b"}, "comparison": {"a >= b"}}),
        ("a not in b", {"comparison": {"a in b"}}),
        ("c = a + 1", {"arithmetic": {"c = a - 1"}, "number": {"c = a + 2", "c = a + 0"}}),
        ("c = 0", {"number": {"c = 1", "c = (-1)"}}),
        ("c = a and b", {"and/or": {"c = a or b"}}),
        ("c = min(a, b)", {"min/max/any/all/sorted": {"c = max(a, b)"}}),
        ("c = not a", {"not": {"c = bool(a)"}}),
        ("c = a if b else 'x'", {"negated if": {"c = a if (not (b)) else 'x'"}}),
        ("c = [n for n in a if n]", {"filter": {"c = [n for n in a if True]"}}),
        ("c = a[b:]", {"slice": {"c = a[:]"}}),
        ("c = max(a)", {"min/max/any/all/sorted": {"c = min(a)"}}),
        ("c = sorted(a)", {"min/max/any/all/sorted": {"c = list(a)"}}),
        ("c = sorted(a, key=len)", {"key": {"c = sorted(a, key=None)"}}),
        ("c = a(b, c)", {"swapped arguments": {"c = a(c, b)"}}),
        ("c = True", {"truth": {"c = False"}}),
        ("return a", {"return": {"return None"}}),
        ("return None", {}),
        ("c = 'text 1'", {}),
        ("import a", {}),
        ("c: list[int] = a", {}),
    ],
)
def test_what_a_statement_may_become(line, expected):
    found = of_code(line)
    found.pop("removed statement", None)
    assert found == expected


def test_a_statement_that_only_does_something_may_be_left_out():
    assert of_code("a(b)") == {"removed statement": {"pass"}}
    assert of_code("c += b") == {"removed statement": {"pass"}}
    assert of_code('"only words"') == {}


def test_a_sign_in_a_comment_is_no_sign():
    found = changes("a.py", "c = (\n    a  # a < b\n    < b\n)\n")
    assert found["boundary"] == {("< b", "<= b")}


def test_every_mutant_of_code_can_be_read():
    for each in mutants("tiny/limits.py", CODE.encode()):
        compile(each.applied(CODE.encode()), each.path, "exec")


def test_what_a_file_of_values_may_become():
    """Dates, numbers, truths and words, each in its place; comments and names stay."""
    line = 'value = { sessions = 10, flag = true, "s.444(1)" = 1000 }'
    assert changes("law.toml", VALUES) == {
        "data: number": {
            (line, line.replace("10,", "11,")),
            (line, line.replace("10,", "9,")),
            (line, line.replace("1000", "1001")),
            (line, line.replace("1000", "999")),
        },
        "data: flag": {(line, line.replace("true", "false"))},
        "data: date": {
            ("from = 2024-08-19", "from = 2024-08-20"),
            ("from = 2024-08-19", "from = 2024-08-18"),
        },
        "data: word": {
            ('needs = ["an order", "a notice"]', 'needs = ["a notice", "a notice"]'),
            ('needs = ["an order", "a notice"]', 'needs = ["an order", "an order"]'),
        },
    }


def test_a_word_alone_of_its_key_loses_a_word():
    assert changes("a.toml", 'note = "after the day"\n')["data: word"] == {
        ('note = "after the day"', 'note = "the day"')
    }
    assert changes("a.toml", 'basis = "statute"\n')["data: word"] == {
        ('basis = "statute"', 'basis = "statutex"')
    }


def mutant_of(line: str, new: str) -> Mutant:
    (found,) = (
        each
        for each in mutants("tiny/limits.py", CODE.encode())
        if each.lines(CODE.encode()) == (line, new)
    )
    return found


def test_one_mutant_is_killed_and_another_survives(tree, judges, monkeypatch):
    """The tests try ten and one: they see that ten is enough, and not that nine would be."""
    same = {("tiny/limits.py", "n += 1", "n += 2"), ("tiny/limits.py", "n = 0", "")}
    monkeypatch.setattr(campaign, "equivalents", lambda: same)
    drawn = [
        mutant_of("return sessions >= limit", "return sessions > limit"),
        mutant_of("LIMIT = 10", "LIMIT = 9"),
        mutant_of("n += 1", "n += 2"),
        mutant_of("n = 0", "n = 1"),
    ]
    told: list[Tried] = []
    tried = campaign.run(drawn, [tree], judges, 60, told.append)
    assert [(each.outcome, each.by) for each in tried] == [
        ("killed", "FAILED tests/tiny/test_limits.py::test_a_limit_is_reached"),
        ("survived", ""),
        ("equivalent", ""),
        ("equivalent", ""),
    ]
    assert told == tried[:2]
    assert (tree.root / "tiny/limits.py").read_text("utf-8") == CODE


def test_what_never_ends_is_ended(tree, judges):
    endless = mutant_of("n += 1", "pass")
    assert judge(tree, endless, judges.of(endless), 2) == ("timed out", "")


def test_those_that_run_a_line_are_asked_first_then_their_files_and_what_is_new(tree, judges):
    """A test that came after the measuring is asked of all that it stands near to."""
    test, mutant = "tests/tiny/test_limits.py", mutant_of("n += 1", "n += 2")
    assert judges.of(mutant) == [[f"{test}::test_a_limit_is_reached"], [test]]
    later = tree.root / "tests/tiny/test_later.py"
    later.write_text("def test_it(): ...\n", "utf-8")
    try:
        again = Judges.read(tree.root / ".coverage", tree, ["tests/tiny"])
        assert again.of(mutant)[0][1:] == ["tests/tiny/test_later.py::test_it"]
    finally:
        later.unlink()


def test_code_that_no_test_runs_is_told(tree, judges):
    """It is judged by whatever runs anything in its file, or by its folder where it has one."""
    mutant = mutant_of(
        "return sorted(days, key=abs)[:most]", "return sorted(days, key=None)[:most]"
    )
    test = "tests/tiny/test_limits.py"
    assert judges.of(mutant) == [[f"{test}::test_a_limit_is_reached"], [test]]
    assert judges.of(Mutant("tiny/law.toml", 1, 0, 0, "", "number")) == [["tests/tiny"]]
    alone = Mutant("other/a.py", 1, 0, 0, "", "number")
    assert judge(tree, alone, judges.of(alone), 60) == ("no test", "")


def test_tests_that_fail_without_a_mutant_are_no_judges(tree, tmp_path):
    (tmp_path / "test_a.py").write_text("def test_a(): raise AssertionError", "utf-8")
    with pytest.raises(SystemExit, match="the tests fail without a mutant"):
        Judges.measured(tree, [str(tmp_path)], ["tiny"])


AREAS = (Area("code", ("tiny",)), Area("data", ("tiny",), ".toml"))


def test_a_sample_is_drawn_from_each_area_and_is_the_same_again(tree):
    drawn = campaign.sample(tree.root, AREAS, 6, 7, "")
    assert [Path(each.path).suffix for each in drawn] == [".py", ".toml"] * 3
    assert campaign.sample(tree.root, AREAS, 6, 7, "") == drawn
    assert len(set(campaign.sample(tree.root, AREAS, 1000, 7, ""))) == len(
        mutants("tiny/limits.py", CODE.encode())
    ) + len(mutants("tiny/law.toml", VALUES.encode()))
    assert campaign.sample(tree.root, AREAS, 6, 7, "ledger/") == []
    assert len(campaign.sample(tree.root, AREAS[::-1], 1, 7, "tiny/limits")) == 1


def test_the_score_leaves_out_what_is_equivalent():
    outcomes = ["killed", "killed", "timed out", "survived", "equivalent"]
    tried = [Tried(mutant_of("n += 1", "pass"), each, "", "n += 1", "pass") for each in outcomes]
    *_, last = campaign.table(tried, lambda each: each.mutant.operator)
    assert last.split() == ["all", "5", "2", "1", "1", "1", "75", "%"]
    assert list(campaign.survivors(tried)) == [
        "tiny/limits.py:18: removed statement (survived)",
        "    n += 1",
        "    pass",
    ]


def test_every_equivalent_has_its_line_and_its_reason():
    """A line that is no more, or is otherwise now, is judged anew."""
    root = Path(__file__).parents[2]
    for file, old, new in campaign.equivalents():
        source = (root / file).read_bytes()
        there = {each.lines(source) for each in mutants(file, source)}
        assert (old, new) in there | {(line, campaign.ANYTHING) for line, _ in there}
