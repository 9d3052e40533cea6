"""Every row of the HTTP contract, and every status of every route that the program lists, has its test."""

import os
import pathlib
import subprocess
import sys

TABLE = pathlib.Path(__file__).with_name("contract_table.py")


def test_every_row_of_the_contract_has_a_test(binary):
    result = subprocess.run([sys.executable, TABLE], capture_output=True, text=True, timeout=120,
                            env={**os.environ, "WASM_SERVER_BINARY": str(binary), "PYTHONPATH": str(TABLE.parent)})
    assert result.returncode == 0, result.stderr
