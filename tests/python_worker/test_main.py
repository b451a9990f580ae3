"""What is told before anything is imported that may be missing."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from clutch_worker import __main__ as entry


@pytest.fixture
def without_zmq(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The directory of a standard library."""
    monkeypatch.setitem(sys.modules, "zmq", None)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    return tmp_path


def test_into_an_environment_it_is_installed(without_zmq: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (without_zmq / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(sys, "prefix", "/somewhere/.venv")
    assert entry._missing().endswith(f"install with {sys.executable} -m pip install pyzmq")


def test_beside_a_python_that_takes_packages_too(without_zmq: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert entry._missing().endswith(f"install with {sys.executable} -m pip install pyzmq")


def test_an_externally_managed_python_is_left_alone(without_zmq: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's own pip would refuse with `externally-managed-environment`."""
    (without_zmq / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    sentence = entry._missing()
    assert f"{sys.executable} -m venv .venv && .venv/bin/pip install pyzmq" in sentence
    assert "-m pip install" not in sentence
    assert sentence.endswith("set `python` to .venv/bin/python")
