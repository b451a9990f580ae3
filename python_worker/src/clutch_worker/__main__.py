"""`python -P -m clutch_worker`: checks what it needs before it imports anything that needs it."""

import sys

STATUS_UNUSABLE = 3


def _missing():
    # type: () -> str
    """One sentence with the command that mends it; empty if nothing is missing. No syntax here is newer than 3.7's."""
    if sys.version_info < (3, 11):
        return "clutch_worker needs Python 3.11 or later, {0} is {1}: create the environment with python3.11 -m venv".format(
            sys.executable, ".".join(map(str, sys.version_info[:3]))
        )
    missing = []
    for module, package in (("zmq", "pyzmq"), ("msgspec", "msgspec")):
        try:
            __import__(module)
        except ImportError:
            missing.append(package)
    if missing:
        names = " ".join(missing)
        return "clutch_worker needs {0}: install with {1} -m pip install {0}".format(names, sys.executable)
    return ""


def _main():
    # type: () -> int
    missing = _missing()
    if missing:
        sys.stderr.write(missing + "\n")
        return STATUS_UNUSABLE
    from clutch_worker._worker import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_main())
