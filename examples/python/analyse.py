"""Analyses one Python source file: what `analyse_stdlib` calls for every file of the standard library."""

import ast
import dataclasses
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path


@dataclasses.dataclass
class Report:
    """What is in one file. C++ has a struct with the same fields."""

    lines: int = 0
    functions: int = 0
    coroutines: int = 0
    classes: int = 0
    documented: int = 0
    longest_function: str = ""
    longest_lines: int = 0
    deepest_nesting: int = 0
    imports: dict[str, int] = dataclasses.field(default_factory=dict)


async def analyse_file(path: str) -> Report:
    """Parses and walks the file; SyntaxError if it is no Python. It never awaits, so a worker does one at a time."""
    source = Path(path).read_bytes()  # noqa: ASYNC240  short, and nothing else is to run here meanwhile
    report = Report(lines=source.count(b"\n"))
    imports: Counter[str] = Counter()
    for node, depth in statements(ast.parse(source, path)):
        report.deepest_nesting = max(report.deepest_nesting, depth)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            count_function(report, node)
        elif isinstance(node, ast.ClassDef):
            report.classes += 1
        else:
            imports.update(imported(node))
    report.imports = dict(imports)
    return report


def statements(tree: ast.Module) -> Iterator[tuple[ast.AST, int]]:
    """Each statement and how deep it stands. Expressions hold none, and are passed over: they are most of the tree."""
    todo: list[tuple[ast.AST, int]] = [(tree, -1)]
    while todo:
        node, depth = todo.pop()
        if depth >= 0:
            yield node, depth
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            if isinstance(block := getattr(node, field, None), list):
                inner = depth + (0 if field in ("handlers", "cases") or is_elif(node, field) else 1)
                todo.extend((child, inner) for child in block)


def is_elif(node: ast.AST, field: str) -> bool:
    """An `elif` is an `if` alone in the `else`, and no deeper."""
    return isinstance(node, ast.If) and field == "orelse" and [type(child) for child in node.orelse] == [ast.If]


def count_function(report: Report, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    report.functions += 1
    report.coroutines += isinstance(node, ast.AsyncFunctionDef)
    report.documented += ast.get_docstring(node, clean=False) is not None
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines > report.longest_lines:
        report.longest_function, report.longest_lines = node.name, lines


def imported(node: ast.AST) -> Iterator[str]:
    """The top-level modules that an import statement names."""
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        yield node.module.partition(".")[0]


def library_directory() -> str:
    """Where the standard library of this worker's Python is."""
    return sysconfig.get_path("stdlib")


def source_files(*, every: int = 1) -> list[str]:
    """Its .py files, without installed packages; or only every so many of them."""
    left_out = {"site-packages", "dist-packages", "__pycache__"}
    paths = Path(sysconfig.get_path("stdlib")).rglob("*.py")
    return sorted(str(path) for path in paths if left_out.isdisjoint(path.parts))[::every]
