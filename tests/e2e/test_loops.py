"""Event loops wait for nothing. Every server of every test is asked how long its loops were held up (support.server);
here is what would hold them up."""

import concurrent.futures

from support.binary import section
from support.client import Client
from support.hostile import guest, neighbour
from support.modules import ADD, wasm

MB = 1 << 20
# Far more than any piece takes, even with sanitizers, and far less than what is done here would.
SHORT = 0.1


def check(server) -> None:
    with Client(server.url) as client:
        assert client.results(client.add(ADD), [2, 40]) == [42]
    server.stop()
    assert server.longest_piece() < SHORT


def test_an_instruction_on_much_memory_runs_elsewhere(fresh_server):
    """Filling 1 GiB is one instruction, which nothing interrupts. Each module is called for the first time, so that
    nobody knows it yet."""
    server = fresh_server()
    fill = '(memory.fill (i32.const 0) (i32.const 1) (i32.const 1073741824))'
    begins = '(module (memory 16384) (func (export "f") {}) (global i32 (i32.const {})))'
    grows = '(module (memory 0) (func (export "f") (drop (memory.grow (i32.const 16384))) {}) (global i32 (i32.const {})))'
    with Client(server.url, timeout=120) as client, neighbour(server):
        for number in range(3):
            for text in (begins, grows):
                id = client.add(text.format(fill, number), limits={"memory_bytes": 1024 * MB})
                assert client.results(id) == []
    check(server)


def test_long_answers_are_written_elsewhere(fresh_server):
    server = fresh_server()
    with Client(server.url, timeout=120) as client:
        id = client.add_ready(guest("hostile/write_much.wat"), limits={"output_bytes": 64 * MB})
        with neighbour(server), concurrent.futures.ThreadPoolExecutor(4) as pool:
            for answer in pool.map(lambda _: client.call(id, [600]), range(4)):
                assert len(answer.json()["stdout_base64"]) == 600 * 65536 // 3 * 4
    check(server)


def test_stored_code_is_read_elsewhere(fresh_server):
    server = fresh_server()
    code = wasm(ADD) + section(0, b"\x01f" + b"x" * (32 * MB))
    with Client(server.url, timeout=120) as client, neighbour(server):
        id = client.add(code)
        for _ in range(3):
            assert client.get(f"/wasm/{id}", headers={"Accept": "application/wasm"}).content == code
            assert len(client.get(f"/wasm/{id}").json()["wasm"]) == (len(code) + 2) // 3 * 4
    check(server)
