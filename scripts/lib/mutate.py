"""Shows that the tests see what they are for: mutate.py [PATCH…], default tests/mutations/*.patch.

A patch begins with a header:

    Breaks: one sentence, what a user would see
    Test: ctest REGEX            or    Test: pytest ARGUMENTS
    Targets: protocol_tests …    (optional) what to build; default all

Each is applied to a copy of the tree, in build/mutate/, that is built and whose named test must then fail. Before, the
same test must pass.
"""

# ruff: noqa: T201

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutate"
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
    return Mutation(
        path, header["Breaks"], tuple(shlex.split(header["Test"])), tuple(header.get("Targets", "").split())
    )


class DoesNotBuild(Exception):
    pass


def run(*command: str | Path, check: bool = True) -> tuple[bool, str]:
    # The copy is inside the tree: git is not to look for the repository above it.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(COPY.parent)}
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


def build(mutation: Mutation) -> None:
    targets = [part for target in mutation.targets for part in ("--target", target)]
    built, output = run("cmake", "--build", "--preset", "release", *targets, check=False)
    if not built:
        raise DoesNotBuild(output[-2000:])


def test_passes(mutation: Mutation) -> bool:
    kind, *arguments = mutation.test
    if kind == "ctest":
        passed, output = run("ctest", "--preset", "release", "-R", *arguments, check=False)
        if "No tests were found" in output:
            raise SystemExit(f"{mutation.path}: no ctest is called {arguments}")
        return passed
    if kind == "pytest":
        config = ("-c", "python_worker/pyproject.toml", "--rootdir=.")
        passed, output = run(PYTHON, "-m", "pytest", "-q", *config, *arguments, check=False)
        if "no tests ran" in output or "not found:" in output:
            raise SystemExit(f"{mutation.path}: pytest finds nothing by {arguments}")
        return passed
    raise SystemExit(f"{mutation.path}: Test: must begin with ctest or pytest")


def survives(mutation: Mutation) -> str | None:
    """Why the mutation was not caught, or nothing."""
    build(mutation)
    if not test_passes(mutation):
        return "its test fails without it too"
    run("git", "apply", "--whitespace=nowarn", mutation.path)
    try:
        build(mutation)
        return "its test passes with it" if test_passes(mutation) else None
    except DoesNotBuild as error:
        return f"it does not build: {error}"
    finally:
        run("git", "apply", "-R", "--whitespace=nowarn", mutation.path)


def main() -> int:
    paths = [Path(argument).resolve() for argument in sys.argv[1:]]
    paths = paths or sorted((ROOT / "tests" / "mutations").glob("*.patch"))
    mutations = [read(path) for path in paths]
    copy_tree()
    # What a mutation leaves unused is no reason to stop.
    run("cmake", "--preset", "release", "-D", "CMAKE_COMPILE_WARNING_AS_ERROR=OFF")
    caught = 0
    for mutation in mutations:
        why = survives(mutation)
        caught += why is None
        verdict = f"SURVIVED ({why})" if why else "caught"
        print(f"{verdict} {mutation.name}: {mutation.breaks}", flush=True)
    print(f"{caught} of {len(mutations)} mutations caught")
    return 0 if caught == len(mutations) else 1


if __name__ == "__main__":
    sys.exit(main())
