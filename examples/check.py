"""Runs PROGRAM [ARGS…] and compares what it prints with expected/NAME.txt, in which `...` stands for anything."""

import difflib
import doctest
import subprocess
import sys
from pathlib import Path


def main(program: str, *arguments: str) -> int:
    want = (Path(__file__).parent / "expected" / f"{Path(program).name}.txt").read_text()
    run = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, timeout=55, check=False)
    if run.returncode == 0 and doctest.OutputChecker().check_output(want, run.stdout, doctest.ELLIPSIS):
        return 0
    sys.stdout.write(f"{program} ended with {run.returncode}; expected (-) and printed (+):\n")
    sys.stdout.writelines(difflib.ndiff(want.splitlines(keepends=True), run.stdout.splitlines(keepends=True)))
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
