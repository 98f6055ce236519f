"""What may be changed in a file: every mutant of its code, or of its values."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a file's text: the bytes from ``start`` to ``end`` become ``new``."""

    path: str
    line: int
    start: int
    end: int
    new: str
    operator: str

    def applied(self, source: bytes) -> bytes:
        """Return the whole file with the change."""
        return source[: self.start] + self.new.encode() + source[self.end :]

    def lines(self, source: bytes) -> tuple[str, str]:
        """Return the line as it is and as it becomes, both without the space around."""
        first = source.rfind(b"\n", 0, self.start) + 1
        last = source.find(b"\n", self.end)
        last = len(source) if last < 0 else last
        old = source[first:last].decode()
        new = source[first : self.start].decode() + self.new + source[self.end : last].decode()
        return _one_line(old), _one_line(new)


def mutants(path: str, source: bytes) -> list[Mutant]:
    """Return every mutant of a file, in its order; those of TOML are of values, not of keys."""
    found = _of_values(path, source) if path.endswith(".toml") else _Code(path, source).mutants()
    return sorted(found, key=lambda each: (each.start, each.end, each.new))


def _one_line(text: str) -> str:
    return " ".join(text.split())


# -- Code ----------------------------------------------------------------------------------------

_COMPARED: dict[type[ast.cmpop], tuple[str, tuple[tuple[str, str], ...]]] = {
    ast.Lt: ("<", (("boundary", "<="), ("comparison", ">="))),
    ast.LtE: ("<=", (("boundary", "<"), ("comparison", ">"))),
    ast.Gt: (">", (("boundary", ">="), ("comparison", "<="))),
    ast.GtE: (">=", (("boundary", ">"), ("comparison", "<"))),
    ast.Eq: ("==", (("comparison", "!="),)),
    ast.NotEq: ("!=", (("comparison", "=="),)),
    ast.In: ("in", (("comparison", "not in"),)),
    ast.NotIn: ("not in", (("comparison", "in"),)),
    ast.Is: ("is", (("comparison", "is not"),)),
    ast.IsNot: ("is not", (("comparison", "is"),)),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.FloorDiv: ("//", "*"),
    ast.Div: ("/", "*"),
    ast.Mod: ("%", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
_SWAPPED = 2
_EITHER_WAY = ("min", "max")
_TYPE = re.compile(r"(Literal|Annotated|TypeVar|Callable|tuple|dict)\b")
_REMOVED = (ast.Expr, ast.AugAssign, ast.Continue, ast.Break, ast.Delete)


class _Code(ast.NodeVisitor):
    """Walks a module and notes what may be changed, leaving out what is never executed as such.

    Left out: docstrings, annotations, decorators, the keywords of classes, type aliases, imports,
    and what only the type checker reads.
    """

    def __init__(self, path: str, source: bytes) -> None:
        self.path, self.source = path, source
        self.starts = [0, *(n.end() for n in re.finditer(rb"\n", source))]
        self.found: list[Mutant] = []

    def mutants(self) -> list[Mutant]:
        self.visit(ast.parse(self.source))
        return list(dict.fromkeys(self.found))

    # -- places in the text

    def _at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def _span(self, node: ast.AST) -> tuple[int, int]:
        start = self._at(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self._at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self.source[start:end].decode()

    def _note(self, operator: str, span: tuple[int, int], new: str) -> None:
        line = self.source.count(b"\n", 0, span[0]) + 1
        self.found.append(Mutant(self.path, line, *span, new, operator))

    def _between(self, left: ast.AST, right: ast.AST, sign: str) -> tuple[int, int] | None:
        """Return where a sign stands between two operands, outside of comments."""
        start, end = self._span(left)[1], self._span(right)[0]
        pattern = rb"\s+".join(re.escape(word.encode()) for word in sign.split())
        text = re.sub(rb"#[^\n]*", lambda m: b" " * len(m[0]), self.source[start:end])
        found = re.search(pattern, text)
        return (start + found.start(), start + found.end()) if found else None

    def _sign(self, operator: str, left: ast.AST, right: ast.AST, change: tuple[str, str]) -> None:
        span = self._between(left, right, change[0])
        if span:
            self._note(operator, span, change[1])

    # -- what is left out

    def visit_Import(self, node: ast.Import) -> None:
        """Leave out."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Leave out."""

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Look at the body alone."""
        self._body(node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Look at the defaults and the body alone."""
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        self._body(node.body)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Look at the value of anything but a type."""
        if node.value and "TypeAlias" not in ast.dump(node.annotation):
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Leave out what only names a type."""
        if not _TYPE.match(self._text(node.value)):
            self.generic_visit(node)

    def _body(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                self.visit(statement)

    def visit(self, node: ast.AST) -> None:
        """Note the removal of a statement that stands for what it does, then what is in it."""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, _REMOVED):
            self._note("removed statement", self._span(node), "pass")
        super().visit(node)

    # -- what is changed

    def visit_Compare(self, node: ast.Compare) -> None:
        """Shift a boundary, negate a comparison."""
        operands = [node.left, *node.comparators]
        for left, sign, right in zip(operands, node.ops, operands[1:], strict=False):
            old, changes = _COMPARED[type(sign)]
            for operator, new in changes:
                self._sign(operator, left, right, (old, new))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Turn an operation around."""
        change = _ARITHMETIC.get(type(node.op))
        if change:
            self._sign("arithmetic", node.left, node.right, change)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """And for or, or for and."""
        change = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._sign("and/or", left, right, change)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Leave out a not."""
        if isinstance(node.op, ast.Not):
            self._note("not", self._span(node), f"bool({self._text(node.operand)})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """One more or one less of a whole number; the other truth."""
        if isinstance(node.value, bool):
            self._note("truth", self._span(node), str(not node.value))
        elif isinstance(node.value, int):
            for new in (node.value + 1, node.value - 1):
                self._note("number", self._span(node), str(new) if new >= 0 else f"({new})")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave out: places in a text with values differ between versions of Python."""

    def visit_If(self, node: ast.If) -> None:
        """Negate what is asked."""
        if "TYPE_CHECKING" not in self._text(node.test):
            self._negate(node.test)
            self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """Negate what is asked."""
        self._negate(node.test)
        self.generic_visit(node)

    def _negate(self, test: ast.expr) -> None:
        self._note("negated if", self._span(test), f"(not ({self._text(test)}))")

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """Leave out a filter."""
        for test in node.ifs:
            self._note("filter", self._span(test), "True")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        """Return nothing."""
        if node.value and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self._note("return", self._span(node.value), "None")
        self.generic_visit(node)

    def visit_Slice(self, node: ast.Slice) -> None:
        """Leave out a bound."""
        for bound in filter(None, (node.lower, node.upper)):
            self._note("slice", self._span(bound), "")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Another function, a key left out, the first two arguments swapped."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _CALLS and (name != "sorted" or not node.keywords):
            self._note("min/max/any/all/sorted", self._span(node.func), _CALLS[name])
        for keyword in node.keywords:
            if keyword.arg == "key" and name in ("sorted", "min", "max"):
                self._note("key", self._span(keyword.value), "None")
        first = [] if name in _EITHER_WAY else node.args[:_SWAPPED]
        if len(first) == _SWAPPED and not any(isinstance(a, ast.Starred) for a in first):
            one, other = (self._text(a) for a in first)
            if one != other and not any(isinstance(a, ast.GeneratorExp) for a in first):
                between = self.source[self._span(first[0])[1] : self._span(first[1])[0]].decode()
                span = self._span(first[0])[0], self._span(first[1])[1]
                self._note("swapped arguments", span, f"{other}{between}{one}")
        self.generic_visit(node)


# -- Values --------------------------------------------------------------------------------------

_VALUE = re.compile(
    rb"(?P<date>\b\d{4}-\d{2}-\d{2}\b)|(?P<number>(?<![\w.-])\d+(?![\w.-]))"
    rb"|(?P<flag>\b(?:true|false)\b)"
)
_QUOTED = re.compile(rb"\"[^\"\n]*\"|'[^'\n]*'")
_KEY = re.compile(rb"[\w-]+(?=\s*=\s*$)")
_NAMES = (b"name", b"code")
"""Keys whose words are the names by which a row is asked for."""


def _of_values(path: str, source: bytes) -> Iterator[Mutant]:
    """Change each date, number, truth and text of a TOML file, comments left out."""
    start, line_of = 0, partial(_line_of, source)
    texts = _texts(source)
    for line in source.splitlines(keepends=True):
        quoted = [(m.start(), m.end()) for m in _QUOTED.finditer(line)]
        comment = next((n for n in _hashes(line) if not _inside(n, quoted)), len(line))
        for found in _VALUE.finditer(line[:comment]):
            if not _inside(found.start(), quoted):
                kind = str(found.lastgroup)
                span = start + found.start(), start + found.end()
                for new in _OTHERS[kind](found[0].decode()):
                    yield Mutant(path, line_of(start), *span, new, f"data: {kind}")
        for first, last in quoted:
            if first < comment and line[last : last + 2].strip() != b"=":
                old, key = line[first:last].decode(), _key(line[:first])
                if key not in _NAMES and old not in ('""', "''"):
                    new = _another(old, texts.get(key, []))
                    span = start + first, start + last
                    yield Mutant(path, line_of(start), *span, new, "data: word")
        start += len(line)


def _line_of(source: bytes, start: int) -> int:
    return source.count(b"\n", 0, start) + 1


def _hashes(line: bytes) -> list[int]:
    return [n for n, byte in enumerate(line) if byte == ord("#")]


def _inside(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(first <= place < last for first, last in spans)


def _key(before: bytes) -> bytes:
    """Return the key to which a text belongs, also as one of a list."""
    found = _KEY.search(re.sub(rb"\[[^\[\]]*$", b"", before))
    return found[0] if found else b""


def _texts(source: bytes) -> dict[bytes, list[str]]:
    """Return every text of a file by its key, in the order of the file."""
    texts: dict[bytes, list[str]] = {}
    for line in source.splitlines():
        for found in _QUOTED.finditer(line):
            texts.setdefault(_key(line[: found.start()]), []).append(found[0].decode())
    return texts


def _another(old: str, others: list[str]) -> str:
    """Return the next text of the same key, where there is one; else the text without a word."""
    turned = others[others.index(old) :] + others[: others.index(old)] if old in others else others
    fallback = re.sub(r"^(.)\S+ ?", r"\1", old) if " " in old else f"{old[:-1]}x{old[-1]}"
    return next((each for each in turned if each != old and each[0] == old[0]), fallback)


def _days_around(day: str) -> list[str]:
    at = date.fromisoformat(day)
    return [str(at + timedelta(days=n)) for n in (1, -1)]


_OTHERS: dict[str, Callable[[str], list[str]]] = {
    "date": _days_around,
    "number": lambda text: [str(int(text) + n) for n in (1, -1) if int(text) + n >= 0],
    "flag": lambda text: ["false" if text == "true" else "true"],
}
