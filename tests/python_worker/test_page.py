from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from clutch_worker._page import LAYOUT, SIZE, Page


@pytest.fixture
def fd() -> Iterator[int]:
    fd = os.memfd_create("page")
    os.ftruncate(fd, SIZE)
    os.pwrite(fd, LAYOUT.to_bytes(8, "little"), 0)
    yield fd
    os.close(fd)


def test_a_cell_is_seen_by_who_shares_the_page(fd: int) -> None:
    page = Page(fd)
    page.cells[1] = 2**64 - 1
    assert os.pread(fd, 8, 8) == b"\xff" * 8


def test_a_forked_child_writes_to_its_own(fd: int) -> None:
    page = Page(fd)
    page.drop()
    page.cells[1] = 9
    assert os.pread(fd, 8, 8) == bytes(8)


def test_another_layout_is_refused(fd: int) -> None:
    os.pwrite(fd, bytes(8), 0)
    with pytest.raises(ValueError, match="layout"):
        Page(fd)
