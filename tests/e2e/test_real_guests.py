"""Guests from real toolchains: those whose toolchain is on this machine. All of them: tests/guests/run."""

import shutil

import pytest

from support import real_guests
from support.client import Client

TOOLS = {"c": "clang-14", "go": "go"}


@pytest.fixture(scope="module")
def built():
    groups = [group for group, tool in TOOLS.items() if shutil.which(tool)]
    fetched = real_guests.fetch(*groups) if groups else None
    assert fetched is None or fetched.returncode == 0, fetched.stderr


@pytest.mark.parametrize("guest", [one for one in real_guests.ALL if one.group in TOOLS], ids=lambda one: one.file)
def test_real_guest(server, built, guest):
    if not (real_guests.directory() / guest.file).exists():
        pytest.skip(f"{TOOLS[guest.group]} is not installed; tests/guests/fetch builds this guest with it")
    with Client(server.url, timeout=120) as client:
        answer = real_guests.add(client, guest)
        assert answer.status_code == 201, answer.text
        for one in guest.calls:
            wrong = real_guests.complaint(real_guests.call(client, guest, one), one)
            assert not wrong, f"{one.about}: {wrong}"
