"""Commands that are components behave as those of preview 1 do: every test of them, of the same guests behind the
adapter that toolchains use."""

import pytest

from support.client import Client
from support.componentize import componentized
from support.modules import wasm
from test_commands import *  # noqa: F403

# What is not the same: the adapter exits with 0 or 1 only, knows no older WASI, and takes no other functions along.
OTHERWISE = {"test_the_raw_form_carries_the_exit_code", "test_arguments_and_environment_of_module_and_call",
             "test_a_command_of_an_older_toolchain", "test_exit_codes",
             "test_a_command_that_exits_inside_a_named_function_exits"}
for name in OTHERWISE:
    del globals()[name]


@pytest.fixture(autouse=True)
def of_components(monkeypatch):
    add = Client.add

    def add_component(self, module, id=None, **fields):
        code = wasm(module) if isinstance(module, str) else module
        return add(self, componentized(code) if b"_start" in code else code, id, **fields)

    monkeypatch.setattr(Client, "add", add_component)


def test_arguments_and_environment_and_the_exit_code(client):
    id = add(client, "settings", args=["-v", ""], env={"LANG": "C", "BOTH": "module"})
    answer = client.post(f"/wasm/{id}", json={"args": ["ü", "a b"], "env": {"CALL": "1=2", "BOTH": "call"}}).json()
    assert answer["exit_code"] == 1
    assert answer["stdout"].split("\0")[1:] == ["-v", "", "ü", "a b", ""]
    assert sorted(answer["stderr"].split("\0")) == ["", "BOTH=call", "CALL=1=2", "LANG=C"]


@pytest.mark.parametrize("code, exits_with", [(0, 0), (1, 1), (255, 1)])
def test_exit_codes_behind_the_adapter(client, code, exits_with):
    id = client.add(f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const {code}))))""")
    assert client.meta(id)["kind"] == "command"
    assert client.meta(id)["run_function"].startswith("wasi:cli/run.run@0.2")
    assert client.post(f"/wasm/{id}", json={}).json()["exit_code"] == exits_with
