"""The systemd unit, as far as it can be judged without systemd."""

import re
import subprocess

import pytest


@pytest.fixture(scope="module")
def unit(files):
    return files / "lib/systemd/system/wasm-server.service"


def test_it_exposes_little(unit):
    text = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True,
                          check=True).stdout
    level = float(re.search(r"Overall exposure level for wasm-server.service: ([0-9.]+)", text)[1])
    assert level <= 1.3  # 2.0 is asked for; docs/operation.md names this one


def test_it_is_well_formed(unit, files, tmp_path):
    """Of the program it says that it is not installed here."""
    copy = tmp_path / "wasm-server.service"
    copy.write_text(unit.read_text().replace("/usr/bin/wasm-server", str(files / "usr/bin/wasm-server")))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True)
    assert "wasm-server.service" not in done.stderr, done.stderr


def test_it_leaves_what_the_program_needs(unit):
    lines = [line.strip() for line in unit.read_text().splitlines() if not line.startswith("#")]
    names = {line.split("=")[0] for line in lines}
    assert not names & {"MemoryDenyWriteExecute", "RestrictRealtime", "ProcSubset"}
    assert "Type=notify" in lines and "KillMode=mixed" in lines and "OOMPolicy=continue" in lines
