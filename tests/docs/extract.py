"""Makes a test program of the code in the documentation: extract.py OUTPUT_DIRECTORY FILE.md…

A comment on the line before a block says what becomes of it; every ```cpp block needs one:

    <!-- test: name -->        a test case of that name, with `pool` in scope; a program of its own if it has a main()
    <!-- declarations -->      what the test cases after it in the same file can use
    <!-- global -->            the same, outside of any namespace, before everything else
    <!-- module: name -->      name.py, served by `pool`

A comment after a test's block is the end of its case, seen by no reader, in which the block's results are checked:

    <!-- check
    EXPECT_EQ(result.value(), 42);
    -->

Writes FILE.cpp for each file, program_NAME.cpp for each program and NAME.py for each module, those that changed alone.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

MARK = re.compile(r"<!-- (?P<kind>test|declarations|global|module)(: (?P<name>\w+))? -->")
INCLUDE = '#include "docs/support.hpp"\n\n'
BEGIN = "namespace clutch_docs {\nnamespace {\n\n"
END = "}  // namespace\n}  // namespace clutch_docs\n"


@dataclass
class Extracted:
    """What one file becomes."""

    globals: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)  # file name: text


def extract(path: Path) -> Extracted:
    lines = path.read_text().splitlines()
    found = Extracted()
    at = 0
    while at < len(lines):
        if not lines[at].startswith("```"):
            at += 1
            continue
        end = lines.index("```", at + 1)
        mark = MARK.fullmatch(lines[at - 1]) if at else None
        if mark is None and lines[at] == "```cpp":
            sys.exit(f"{path}:{at + 1}: say what becomes of this block: see {Path(__file__).name}")
        if mark is not None:
            place = f'#line {at + 2} "{path}"\n'
            suite = path.stem.title().replace("-", "")
            add(found, mark, suite, place, "\n".join(lines[at + 1 : end]) + "\n", check_after(path, lines, end + 1))
        at = end + 1
    return found


def check_after(path: Path, lines: list[str], at: int) -> str:
    if at >= len(lines) or lines[at] != "<!-- check":
        return ""
    end = lines.index("-->", at)
    return f'#line {at + 2} "{path}"\n' + "\n".join(lines[at + 1 : end]) + "\n"


def add(found: Extracted, mark: re.Match[str], suite: str, place: str, code: str, check: str) -> None:
    name = mark["name"]
    if mark["kind"] == "module":
        found.others[f"{name}.py"] = code
    elif mark["kind"] == "global":
        found.globals.append(place + code + "\n")
    elif mark["kind"] == "declarations":
        found.cases.append(place + code + "\n")
    elif "int main(" in code:
        found.others[f"program_{name}.cpp"] = place + code
    else:
        head = f"TEST({suite}, {name}) {{\n  [[maybe_unused]] const clutch::Pool& pool = docs_pool();\n"
        found.cases.append(head + place + code + check + "}\n\n")


def write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main(output: Path, files: list[Path]) -> None:
    output.mkdir(parents=True, exist_ok=True)
    made = set()
    for path in files:
        found = extract(path)
        found.others[f"{path.stem}.cpp"] = INCLUDE + "".join((*found.globals, BEGIN, *found.cases, END))
        for name, text in found.others.items():
            write(output / name, text)
            made.add(name)
    for stale in output.iterdir():
        if stale.suffix in (".cpp", ".py") and stale.name not in made:
            stale.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
