"""Shows that the tests see what they are for: mutate.py [PATCH…], default tests/mutations/*.patch.

A patch begins with a header:

    Breaks: one sentence, what a user would see
    Test: ctest REGEX            or    Test: pytest ARGUMENTS
    Targets: protocol_tests …    what to build; left out: for ctest everything, for pytest nothing

All is done in a copy of the tree, in build/mutate/. There each named test must pass; then one patch after the other is
applied, its targets are built, and its test must fail.
"""

# ruff: noqa: T201

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutate"
PROGRAMS = COPY / "build" / "release" / "bin"
SEEDS = 1000
PYTHON = ROOT / ".venv" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Mutation:
    path: Path
    breaks: str
    test: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem


def read(path: Path) -> Mutation:
    header: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(("diff ", "--- ")):
            break
        key, colon, value = line.partition(": ")
        if colon and key in ("Breaks", "Test", "Targets"):
            header[key] = value.strip()
    if not {"Breaks", "Test"} <= header.keys():
        raise SystemExit(f"{path}: its header must have the lines 'Breaks: …' and 'Test: …'")
    test = tuple(shlex.split(header["Test"]))
    targets = header.get("Targets", "" if test[0] == "pytest" else "all")
    return Mutation(path, header["Breaks"], test, tuple(targets.split()))


def run(*command: str | Path, check: bool = True) -> tuple[bool, str]:
    # The copy is inside the tree: git is not to look for the repository above it.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(COPY.parent), "CLUTCH_BIN_DIR": str(PROGRAMS)}
    done = subprocess.run(
        command, cwd=COPY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if check and done.returncode != 0:
        raise SystemExit(f"{shlex.join(map(str, command))} failed:\n{done.stdout[-4000:]}")
    return done.returncode == 0, done.stdout


def copy_tree() -> None:
    """What git knows or would add. Files that did not change keep their time, so that a second run builds little."""
    COPY.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    wanted = {Path(name.decode()) for name in listed if name and (ROOT / name.decode()).is_file()}
    for path in COPY.rglob("*"):
        inside = path.relative_to(COPY)
        if path.is_file() and inside.parts[0] != "build" and inside not in wanted:
            path.unlink()
    for name in wanted:
        source, target = (ROOT / name), (COPY / name)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    venv = COPY / ".venv"
    if not venv.exists():
        venv.symlink_to(ROOT / ".venv")


def build(targets: Iterable[str]) -> str:
    """What the compiler says, if it fails."""
    if not targets:
        return ""
    chosen = [part for target in targets for part in ("--target", target)]
    built, output = run("cmake", "--build", "--preset", "release", *chosen, check=False)
    return "" if built else output[-2000:]


def test_passes(test: tuple[str, ...]) -> bool:
    kind, *arguments = test
    if kind == "ctest":
        passed, output = run("ctest", "--preset", "release", "-R", *arguments, check=False)
        if "No tests were found" in output:
            raise SystemExit(f"no ctest is called {arguments}")
        return passed
    if kind == "pytest":
        config = ("-c", "python_worker/pyproject.toml", "--rootdir=.")
        return run(PYTHON, "-m", "pytest", "-q", "-x", *config, *arguments, check=False)[0]
    raise SystemExit(f"Test: must begin with ctest or pytest, not {kind}")


def seeds_that_find() -> str:
    """Of the mutation that is built now: how many seeds of the simulation it breaks."""
    program = PROGRAMS / "clutch_simulation"
    found, seed = 0, 1
    while seed <= SEEDS:
        _, output = run(program, "--from", str(seed), "--seeds", str(SEEDS + 1 - seed), "--keep-going", check=False)
        broken = [line for line in output.splitlines() if line.startswith("seed ")]
        found += len(broken)
        # A crash ends the run: go on behind it.
        crashed = broken and ": signal " in broken[-1]
        seed = int(broken[-1].split()[1].rstrip(":")) + 1 if crashed else SEEDS + 1
    return f" at {found} of {SEEDS} seeds"


def survives(mutation: Mutation) -> tuple[str | None, str]:
    """Why the mutation was not caught, or nothing; and, of the simulation's, at how many seeds it was.

    What it made of the sources is undone; what it built is not.
    """
    applied, output = run("git", "apply", "--whitespace=nowarn", mutation.path, check=False)
    if not applied:
        return f"it does not apply: {output}", ""
    try:
        if trouble := build(mutation.targets):
            return f"it does not build: {trouble}", ""
        if test_passes(mutation.test):
            return "its test passes with it", ""
        return None, seeds_that_find() if "^simulation$" in mutation.test else ""
    finally:
        run("git", "apply", "-R", "--whitespace=nowarn", mutation.path)


def main() -> int:
    paths = [Path(argument).resolve() for argument in sys.argv[1:]]
    paths = paths or sorted((ROOT / "tests" / "mutations").glob("*.patch"))
    # Those that build the same follow each other: what one mutated the next has to build again.
    mutations = sorted(map(read, paths), key=lambda mutation: (mutation.targets, mutation.name))
    copy_tree()
    # What a mutation leaves unused is no reason to stop.
    run("cmake", "--preset", "release", "-D", "CMAKE_COMPILE_WARNING_AS_ERROR=OFF")
    if trouble := build(sorted({target for mutation in mutations for target in mutation.targets})):
        raise SystemExit(f"without any mutation it does not build: {trouble}")
    for test in sorted({mutation.test for mutation in mutations}):
        if not test_passes(test):
            raise SystemExit(f"without any mutation this fails: {shlex.join(test)}")
    caught = 0
    for mutation in mutations:
        why, seeds = survives(mutation)
        caught += why is None
        verdict = f"SURVIVED ({why})" if why else f"caught{seeds}"
        print(f"{verdict} {mutation.name}: {mutation.breaks}", flush=True)
    print(f"{caught} of {len(mutations)} mutations caught")
    return 0 if caught == len(mutations) else 1


if __name__ == "__main__":
    sys.exit(main())
