"""`python -m clutch_worker`: checks what it needs before it imports anything that needs it."""

import os.path
import sys
import sysconfig

STATUS_UNUSABLE = 3


def _managed():
    # type: () -> bool
    """Whether pip refuses to install into this Python, as into Debian's own (PEP 668)."""
    venv = sys.prefix != getattr(sys, "base_prefix", sys.prefix)
    return not venv and os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))


def _missing():
    # type: () -> str
    """One sentence with the command that mends it, or an empty one. No syntax here is newer than Python 2's."""
    if sys.version_info < (3, 11):  # noqa: UP036  an older one is what this is for
        version = ".".join(map(str, sys.version_info[:3]))
        advice = "create the environment with python3.11 -m venv"
        return "clutch_worker needs Python 3.11 or later, %s is %s: %s" % (sys.executable, version, advice)  # noqa: UP031
    missing = []
    for module, package in (("zmq", "pyzmq"), ("msgspec", "msgspec")):
        try:
            __import__(module)
        except ImportError:
            missing.append(package)
    if missing:
        names = " ".join(missing)
        if _managed():
            advice = "make an environment with %s -m venv .venv && .venv/bin/pip install %s" % (sys.executable, names)  # noqa: UP031
            why = "the system's own Python is not to be installed into"
            return "clutch_worker needs %s, and %s: %s, then set `python` to .venv/bin/python" % (names, why, advice)  # noqa: UP031
        return "clutch_worker needs %s: install with %s -m pip install %s" % (names, sys.executable, names)  # noqa: UP031
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
