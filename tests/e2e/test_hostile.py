"""Guests that mean harm: each gets its answer, the neighbour keeps being served, and the server is whole afterwards."""

import re
import subprocess
import threading
import time

import pytest

from support import flags
from support.binary import many_functions
from support.client import Client, assert_problem
from support.hostile import ALL, GUESTS, Hostile, guest, neighbour, run
from support.modules import ADD
from support.raw import leave_unanswered, post
from support.server import SMALL_QUARANTINE
from support.sleepers import sleep_many

contract = pytest.mark.contract
MB = 1 << 20
RUN_TIME = re.compile(r"run;dur=([0-9.]+)")


def names(guests):
    return {"argvalues": guests, "ids": [one.name.replace(" ", "-") for one in guests]}


def check(server, one: Hostile) -> None:
    with Client(server.url, timeout=180) as client, neighbour(server):
        answer = run(client, one)
        assert answer.status_code == one.status, answer.text[:2000]
        document = answer.json()
        for key, value in one.says.items():
            assert document[key] == value, answer.text[:2000]
        if answer.status_code >= 400:
            assert_problem(answer, one.status, document["code"])
        assert client.results(client.add(ADD), [2, 40]) == [42]


@pytest.mark.parametrize("one", **names([one for one in ALL if not one.giant]))
@contract("5: guest-trap", "5: deadline-exceeded", "5: memory-limit", "5: output-limit")
def test_hostile_guest(server, one: Hostile):
    check(server, one)


@pytest.mark.parametrize("one", **names([one for one in ALL if one.giant]))
def test_giant_guest(fresh_server, one: Hostile):
    check(fresh_server(), one)


def test_a_compilation_holds_up_neither_a_call_beyond_its_deadline_nor_the_end(fresh_server):
    """100,000 functions keep the compiler busy for seconds: the call that waits for them has its deadline all the
    same, and the process ends within its grace time."""
    server = fresh_server(*flags.grace_ms(1000))
    with Client(server.url) as client:
        id = client.add(many_functions(100_000))
        answer = client.call(id, headers={"Wasm-Timeout-Ms": "100"})
        assert_problem(answer, 503, "not-ready")
    server.signal()
    try:
        assert server.wait(9) == 0
    except subprocess.TimeoutExpired:
        pytest.fail("eight seconds beyond the grace time it still runs")
    finally:
        if server.running():
            server.kill()


@contract("5: not-ready")
def test_waiting_for_code_has_the_modules_own_deadline(fresh_server):
    """Not the server's default: a module may ask for more time than that, or for less. The compilation goes on when
    the wait is over."""
    server = fresh_server(*flags.default_timeout_ms(20))
    with Client(server.url, timeout=180) as client:
        patient = client.add(many_functions(50_000), limits={"timeout_ms": 120_000})
        assert client.results(patient, function="last") == [50]
    server = fresh_server(*flags.default_timeout_ms(120_000))
    with Client(server.url) as client:
        hasty = client.add(many_functions(50_000), limits={"timeout_ms": 20})
        answer = client.call(hasty, function="last")
        assert_problem(answer, 503, "not-ready")
        assert int(answer.headers["retry-after"]) >= 1
        deadline = time.monotonic() + 120
        while (answer := client.call(hasty, function="last")).status_code == 503:
            assert time.monotonic() < deadline, "it is never compiled"
        assert answer.json() == {"results": [50]}


def test_waiting_for_code_is_not_run_time(fresh_server):
    """The call of a module that takes a while to compile has all of its time left when it starts."""
    timeout_ms = 3000
    functions = " ".join("(func (result i32) (i32.const 1))" for _ in range(5000))
    sleeper = (GUESTS / "hostile/sleep.wat").read_text().rstrip().removesuffix(")") + functions + ")"
    with Client(fresh_server().url) as client:
        answer = client.call(client.add(sleeper, limits={"timeout_ms": timeout_ms}))
        assert_problem(answer, 504, "deadline-exceeded")
        assert float(RUN_TIME.search(answer.headers["server-timing"])[1]) > timeout_ms - 20


def test_what_a_guest_takes_is_given_back(fresh_server):
    """256 MiB touched, ten times over: a server that kept them would show it even under a sanitizer."""
    server = fresh_server(env=SMALL_QUARANTINE)
    with Client(server.url, timeout=120) as client:
        id = client.add(guest("hostile/memory_grow.wat"), limits={"timeout_ms": 60000})
        for _ in range(3):
            assert client.results(id, function="bomb") == [4096]
        before = server.resident_bytes()
        for _ in range(10):
            assert client.results(id, function="bomb") == [4096]
        assert server.resident_bytes() - before < 256 * MB


def test_traps_and_deadlines_do_not_leak(fresh_server):
    server = fresh_server(env=SMALL_QUARANTINE)
    with Client(server.url) as client:
        loop, recursion = client.add_ready(guest("hostile/loop.wat")), client.add(guest("hostile/recursion.wat"))

        def round(count: int):
            for _ in range(count):
                assert client.call(loop, function="tight", headers={"Wasm-Timeout-Ms": "5"}).status_code == 504
                assert client.call(recursion, function="small").status_code == 422

        round(50)
        before, threads = server.resident_bytes(), server.thread_count()
        round(200)
        assert server.resident_bytes() - before < 64 * MB
        assert server.thread_count() <= threads + 1


ERRNO_FAULT, ERRNO_INVAL = 21, 28


@pytest.mark.parametrize("function, allowed", [
    ("write_4gib", {ERRNO_FAULT}), ("write_beyond", {ERRNO_FAULT}), ("write_many_vectors", {ERRNO_FAULT, ERRNO_INVAL}),
    ("write_vectors_beyond", {ERRNO_FAULT}), ("write_count_beyond", {ERRNO_FAULT}), ("read_beyond", {0, ERRNO_FAULT}),
    ("args_beyond", {0, ERRNO_FAULT}), ("environ_beyond", {ERRNO_FAULT}), ("random_4gib", {ERRNO_FAULT}),
    ("clock_beyond", {ERRNO_FAULT}), ("clock_unknown", {ERRNO_INVAL}), ("poll_none", {ERRNO_INVAL}),
    ("poll_many", {ERRNO_FAULT, ERRNO_INVAL})])
def test_pointers_that_lie_are_errnos(client, function, allowed):
    id = client.add(guest("hostile/lying_pointers.wat"))
    assert client.results(id, function=function)[0] in allowed


def test_sleepers_hold_no_thread(server):
    """The report does this with 10,000; under a sanitizer a few hundred show the same."""
    count = 400
    with Client(server.url) as client:
        id = client.add_ready(guest("hostile/sleep.wat"))
        client.call(id, headers={"Wasm-Timeout-Ms": "10"})
        threads = server.thread_count()
        seen = {}

        def ready():
            seen["threads"] = server.thread_count()
            with neighbour(server):
                time.sleep(0.5)

        statuses = sleep_many(server, id, count, 4000, ready)
        assert statuses == [504] * count
        assert seen["threads"] <= threads + 1


@contract("POST /wasm/{id} 503")
def test_a_module_of_its_own_cap_is_refused_beyond_it(server):
    with Client(server.url) as client:
        id = client.add_ready(guest("hostile/sleep.wat"),
                              limits={"max_concurrency": 2, "max_queue": 1, "timeout_ms": 3000})
        answers = []
        start = threading.Barrier(5)

        def call():
            with Client(server.url) as http:
                http.get("/healthz")  # connected
                start.wait()
                answers.append(http.call(id))

        threads = [threading.Thread(target=call) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [503, 503, 504, 504, 504]
        for answer in answers:
            if answer.status_code == 503:
                assert_problem(answer, 503, "overloaded")
                assert answer.headers["retry-after"].isdigit()
        waited = [answer for answer in answers if answer.status_code == 504]
        assert len(waited) == 3


def test_one_modules_flood_does_not_starve_another(server):
    with Client(server.url) as client:
        flood = client.add(guest("hostile/loop.wat"),
                           limits={"max_concurrency": 2, "max_queue": 1000, "timeout_ms": 120_000})
        other = client.add(guest("hostile/loop.wat"), limits={"max_concurrency": 2})
        client.results(other, function="quick")
        floods = [server.connect() for _ in range(20)]
        with server.spinning():
            for connection in floods:
                connection.sendall(post(f"/wasm/{flood}", b'{"function":"tight"}', "Content-Type: application/json"))
        for _ in range(20):
            assert client.results(other, function="quick") == [7]
        leave_unanswered(floods)  # so nothing of this has waited for one of them


def test_a_client_that_goes_away_cancels_its_call(server):
    """A guest of one concurrency sleeps for a minute; when its client leaves, the next call gets the place at once."""
    with Client(server.url) as client:
        id = client.add(guest("hostile/loop.wat"),
                        limits={"max_concurrency": 1, "max_queue": 5, "timeout_ms": 60000})
        client.results(id, function="quick")
        for function in ("tight", "calls"):
            connection = server.connect()
            with server.spinning():
                connection.sendall(post(f"/wasm/{id}", b'{"function":"%s"}' % function.encode(),
                                        "Content-Type: application/json"))
            connection.close()
            start = time.monotonic()
            assert client.results(id, function="quick") == [7]
            assert time.monotonic() - start < 30  # not the minute


def test_the_stack_of_a_deep_but_finite_recursion_is_enough(client):
    id = client.add("""(module (func $f (export "f") (param $n i32) (result i32)
        (if (result i32) (i32.eqz (local.get $n)) (then (i32.const 0))
          (else (i32.add (i32.const 1) (call $f (i32.sub (local.get $n) (i32.const 1))))))))""")
    assert client.results(id, [5000]) == [5000]


def test_limits_of_the_server_hold_for_every_module(fresh_server):
    server = fresh_server(*flags.max_timeout_ms(500))
    with Client(server.url) as client:
        id = client.add_ready(guest("hostile/loop.wat"))
        start = time.monotonic()
        assert_problem(client.call(id, function="tight"), 504, "deadline-exceeded")
        assert time.monotonic() - start < 10
