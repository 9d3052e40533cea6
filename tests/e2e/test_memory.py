"""Memory is a budget of the process: beyond it guests are told, requests are refused, and nothing is killed."""

import concurrent.futures
import contextlib
import socket

import pytest

from support.cgroup import memory_group
from support.client import Client, assert_problem, fresh_id
from support.hostile import guest, neighbour
from support.modules import ADD
from support.raw import get, post
from support.server import SMALL_QUARANTINE

contract = pytest.mark.contract
MB = 1 << 20
GROUP = 3000 * MB
# What the sanitizers take beside: each process that compiles has 150 MB of its own under them, not 15.
SANITIZERS = 600 * MB


@pytest.fixture
def confined(fresh_server):
    """A server that has GROUP bytes of memory: in a control group of its own where one can be made, and otherwise with
    the budget that it would have there. Whatever a test does, the kernel has no reason to end anything."""
    with memory_group(GROUP + SANITIZERS) as group:
        server = fresh_server("--memory-budget-bytes", str(GROUP // 4 * 3), env=SMALL_QUARANTINE, group=group)
        yield server
        assert server.running()
        assert server.most_resident_bytes() < GROUP
        with Client(server.url) as client:
            assert client.results(client.add(ADD), [2, 40]) == [42]
        server.stop()
        assert group is None or group.killed() == 0


def test_the_budget_is_three_quarters_of_the_group(fresh_server):
    with memory_group(GROUP) as group:
        if group is None:
            pytest.skip("no control group can be made here")
        server = fresh_server(group=group)
        with Client(server.url) as client:
            assert f"wasm_server_memory_budget_bytes {GROUP // 4 * 3}\n" in client.get("/metrics").text
        server.stop()


def call_many(server, count: int, id: str, args, function: str):
    """So many calls at once; their answers."""
    def call(_):
        with Client(server.url, timeout=120) as client:
            return client.call(id, args, function)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def test_growth_beyond_the_budget_fails_in_the_guest(confined):
    """A hundred calls of 200 MB each, in 3 GB."""
    with Client(confined.url) as client:
        id = client.add_ready(guest("hostile/hold_memory.wat"), limits={"timeout_ms": 120_000})
    with neighbour(confined):
        answers = call_many(confined, 100, id, [3200, 1500], "hold")
    assert {answer.status_code for answer in answers} == {200}
    results = [answer.json()["results"][0] for answer in answers]
    assert set(results) == {1, -1}  # some got it, and more did not
    assert 5 <= results.count(1) < 50, results


@contract("5: overloaded")
def test_calls_that_begin_beyond_the_budget_wait_and_are_refused(confined):
    with Client(confined.url) as client:
        id = client.add_ready(guest("hostile/begin_large.wat"), limits={"timeout_ms": 120_000})
    with neighbour(confined):
        answers = call_many(confined, 60, id, [3000], "sleep")
    refused = [answer for answer in answers if answer.status_code != 200]
    assert 5 <= len(answers) - len(refused) < 40
    for answer in refused:
        assert_problem(answer, 503, "overloaded")
        assert int(answer.headers["retry-after"]) >= 1


def test_small_calls_have_room_beside_large_ones(confined):
    """A neighbour with memory of its own, while large ones have all that they may."""
    with Client(confined.url) as client:
        holder = client.add_ready(guest("hostile/hold_memory.wat"), limits={"timeout_ms": 120_000})
        bytes_left = client.add_ready('(module (memory 16) (func (export "f") (result i32) memory.size))')
    def hold(_):
        with Client(confined.url, timeout=120) as http:
            return http.results(holder, [1600, 8000], "hold")

    with concurrent.futures.ThreadPoolExecutor(40) as pool, Client(confined.url) as client:
        held = [pool.submit(hold, number) for number in range(40)]
        assert next(concurrent.futures.as_completed(held)).result() == [-1]  # the others sleep, with all there is
        for _ in range(50):
            assert client.results(bytes_left) == [16]
        assert [1] in [one.result() for one in held]


def test_bodies_beyond_the_budget_are_refused(confined):
    """Twenty uploads of 120 MB, of which all but a little has come. Who reads no answer before everything is sent still
    gets the one that says why."""
    size = 120_000_000
    head = get(f"/wasm?id={fresh_id()}", f"Content-Length: {size}", "Content-Type: application/wasm", method="POST")
    with neighbour(confined), contextlib.ExitStack() as stack:
        held = 0
        for number in range(20):
            # Of different clients, so that no one's share is what bounds them.
            connection = socket.create_connection(("127.0.0.1", confined.port), timeout=20,
                                                  source_address=(f"127.0.0.{2 + number}", 0))
            stack.enter_context(connection)
            connection.sendall(head.encode() + bytes(size - 100))
            connection.settimeout(1)
            try:
                assert connection.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 503"
            except TimeoutError:
                held += 1
        assert 0 < held < 20


@contract("5: overloaded")
def test_answers_beyond_the_budget_are_refused(confined):
    """Sixty-four answers of 64 MB, which nobody reads until all have been asked for."""
    with Client(confined.url) as client:
        id = client.add_ready(guest("hostile/write_much.wat"), limits={"output_bytes": 64 * MB, "timeout_ms": 120_000})
    request = post(f"/wasm/{id}", b'{"args":[1000]}', "Content-Type: application/json")
    with neighbour(confined), contextlib.ExitStack() as stack:
        connections = [stack.enter_context(confined.connect(120)) for _ in range(64)]
        for connection in connections:
            connection.sendall(request)
        statuses = [int(connection.recv(12, socket.MSG_WAITALL)[9:]) for connection in connections]
    assert set(statuses) == {200, 503}, statuses
    assert statuses.count(200) >= 5


@contract("5: overloaded")
def test_text_whose_conversion_needs_more_memory_than_there_is_is_refused(fresh_server):
    server = fresh_server("--memory-budget-bytes", "256MiB", env=SMALL_QUARANTINE)
    text = "(module " + "(func)" * 1000 + " ({padding}))"
    with Client(server.url) as client:
        def upload(size: int):
            body = text.replace("({padding})", " " * (size - len(text)))
            return client.post("/wasm", content=body, headers={"Content-Type": "text/wat"})

        assert_problem(upload(4 * MB), 503, "overloaded", "text")
        assert upload(1 * MB).status_code == 201
        assert_problem(upload(4 * MB), 503, "overloaded", "text")


def test_a_module_that_begins_beyond_its_limits_is_failed_from_the_start(client):
    large = client.add("(module (memory 100) (func (export \"f\")))", limits={"memory_bytes": 99 * 65536})
    answer = client.get(f"/wasm/{large}", params={"wasm": "false"}).json()["meta_data"]
    assert answer["state"] == "failed"
    assert "6553600 bytes of memory" in answer["state_detail"], answer
    assert_problem(client.call(large), 422, "memory-limit")
    client.put(f"/wasm/{large}", json={"limits": {"memory_bytes": 100 * 65536}}).raise_for_status()
    assert client.results(large) == []
    tables = " ".join("(table 90000 funcref)" for _ in range(12))
    many = client.add(f"(module {tables} (func (export \"f\")))")
    assert client.meta(many)["state"] == "failed"
    assert_problem(client.call(many), 422, "memory-limit")
