"""PUT and DELETE: revisions, what is kept, rollback, preconditions and races."""

import base64
import subprocess
import threading

import pytest

from support.client import JSON, WASM, WAT, Client, assert_problem, fresh_id
from support.modules import ADD, ADD_SUB, COUNT, SUB, distinct, wasm

contract = pytest.mark.contract
RAW = {"Accept": "application/wasm"}


def b64(code: bytes) -> str:
    return base64.b64encode(code).decode()


def etag(client, id, **headers):
    """Of the resource without the code, as writes answer it."""
    return client.head(f"/wasm/{id}", params={"wasm": "false"}, headers=headers).headers["etag"]


@contract("PUT /wasm/{id} 200", "3: PUT keeps what is left out")
def test_a_field_changes_and_the_rest_stays(client):
    id = client.add(ADD_SUB, function="add", labels={"a": "b"}, env={"X": "y"}, args=["z"],
                    limits={"timeout_ms": 5000})
    before = client.meta(id)
    answer = client.put(f"/wasm/{id}", json={"function": "sub"})
    assert answer.status_code == 200 and answer.headers["etag"] == etag(client, id)
    assert "wasm" not in answer.json() and answer.json()["id"] == id
    after = client.meta(id)
    changed = {key for key in before if before[key] != after[key]} - {"updated_at", "state"}
    assert changed == {"run_function", "revision"}
    assert (after["run_function"], after["revision"]) == ("sub", 2)
    assert after["updated_at"] >= before["updated_at"] and after["created_at"] == before["created_at"]
    assert client.results(id, [44, 2]) == [42]


@contract("3: PUT keeps what is left out")
@pytest.mark.parametrize("body, headers", [(wasm(ADD_SUB), WASM), (ADD_SUB, WAT),
                                           (f'{{"wasm": "{b64(wasm(ADD_SUB))}"}}', JSON)])
def test_code_changes_and_the_fields_stay(client, body, headers):
    id = client.add(SUB, labels={"a": "b"})
    assert client.put(f"/wasm/{id}", content=body, headers=headers).status_code == 200
    meta = client.meta(id)
    assert (meta["labels"], meta["run_function"], meta["revision"]) == ({"a": "b"}, "sub", 2)
    assert client.get(f"/wasm/{id}", headers=RAW).content == wasm(ADD_SUB)


@contract("3: PUT keeps what is left out", "3: query parameters")
def test_code_and_function_change_together_by_the_query(client):
    id = client.add(SUB)
    answer = client.put(f"/wasm/{id}", params={"function": "add"}, content=wasm(ADD_SUB), headers=WASM)
    assert answer.json()["meta_data"]["run_function"] == "add"


@contract("3: function not exported")
def test_a_kept_function_that_new_code_lacks_is_chosen_anew(client):
    id = client.add(ADD)
    client.put(f"/wasm/{id}", content=wasm(SUB), headers=WASM)
    assert client.meta(id)["run_function"] == "sub"
    client.put(f"/wasm/{id}", content=wasm('(module (func (export "x")) (func (export "y")))'), headers=WASM)
    assert client.meta(id)["run_function"] == ""
    client.put(f"/wasm/{id}", content=wasm(ADD), headers=WASM)
    assert client.meta(id)["run_function"] == "add"


@contract("PUT /wasm/{id} 400", "PUT /wasm/{id} 415", "PUT /wasm/{id} 422")
@contract("3: function not exported", "3: validated before it is stored")
def test_refused_updates_change_nothing(client):
    id = client.add(ADD)
    before = etag(client, id)
    assert_problem(client.put(f"/wasm/{id}", json={"function": "mul"}), 400, "bad-request", "mul")
    assert_problem(client.put(f"/wasm/{id}", params={"function": "mul"}, content=wasm(SUB), headers=WASM),
                   400, "bad-request", "mul")
    assert_problem(client.put(f"/wasm/{id}", content=b"\0asm", headers=WASM), 422, "invalid-module")
    assert_problem(client.put(f"/wasm/{id}", json={"colour": 1}), 400, "bad-request", "colour")
    assert_problem(client.put(f"/wasm/{id}", json={"param": [{"name": "x", "param_type": "f32"}, {"name": "y"}]}),
                   400, "bad-request")
    assert_problem(client.put(f"/wasm/{id}", content=b"x", headers={"Content-Type": "text/plain"}),
                   415, "unsupported-media-type")
    assert etag(client, id) == before


@contract("1: param names", "PUT /wasm/{id} 200")
def test_the_client_renames_parameters(client):
    id = client.add(ADD)
    client.put(f"/wasm/{id}", json={"param": [{"name": "left"}, {"name": "right", "param_type": "i32"}]})
    assert client.meta(id)["param"] == [{"name": "left", "param_type": "i32"}, {"name": "right", "param_type": "i32"}]
    assert client.results(id, {"right": 40, "left": 2}) == [42]
    client.put(f"/wasm/{id}", json={"labels": {"a": "b"}})
    assert client.results(id, {"right": 40, "left": 2}) == [42]


@contract("3: PUT keeps what is left out")
def test_maps_and_lists_are_replaced_as_a_whole(client):
    id = client.add(ADD, labels={"a": "1", "b": "2"}, env={"A": "1"}, args=["x", "y"])
    client.put(f"/wasm/{id}", json={"labels": {"c": "3"}, "env": {}, "args": []})
    meta = client.meta(id)
    assert (meta["labels"], meta["env"], meta["args"]) == ({"c": "3"}, {}, [])


@contract("3: rollback")
def test_rollback_makes_a_new_revision_equal_to_the_old_one(client):
    id = client.add(ADD, labels={"v": "1"})
    client.put(f"/wasm/{id}", content=wasm(SUB), headers=WASM)
    client.put(f"/wasm/{id}", json={"labels": {"v": "3"}})
    answer = client.put(f"/wasm/{id}", json={"revision": 1})
    assert answer.status_code == 200, answer.text
    ignored = {"revision": 0, "updated_at": "", "state": ""}
    assert client.meta(id) | ignored == client.meta(id, revision=1) | ignored
    assert client.meta(id)["revision"] == 4
    assert client.results(id, [40, 2]) == [42]
    assert_problem(client.put(f"/wasm/{id}", json={"revision": 9}), 404, "not-found")
    assert client.put(f"/wasm/{id}", json={"revision": "1"}).status_code == 400
    assert client.meta(id)["revision"] == 4


@contract("3: answered after commit", "4: Wasm-Revision")
def test_an_execution_after_the_answer_sees_the_change(client):
    id = client.add(ADD)
    for n in range(1, 31):
        text, expected = ((SUB, 38) if n % 2 else (ADD, 42))
        assert client.put(f"/wasm/{id}", content=wasm(text), headers=WASM).status_code == 200
        answer = client.call(id, [40, 2])
        assert (answer.json(), answer.headers["wasm-revision"]) == ({"results": [expected]}, str(n + 1))


@contract("3: answered after commit")
def test_other_connections_see_the_change_too(server):
    with Client(server.url) as writer:
        readers = [Client(server.url) for _ in range(6)]
        id = writer.add(ADD)
        for n in range(1, 21):
            writer.put(f"/wasm/{id}", json={"labels": {"n": str(n)}})
            for reader in readers:
                assert reader.meta(id)["labels"] == {"n": str(n)}
        assert writer.delete(f"/wasm/{id}").status_code == 204
        for reader in readers:
            assert reader.get(f"/wasm/{id}").status_code == 404
            assert reader.call(id, [1, 2]).status_code == 404
            reader.close()


@contract("DELETE /wasm/{id} 204")
def test_delete_takes_all_revisions_and_the_id_is_free_again(client):
    id = client.add(ADD)
    client.put(f"/wasm/{id}", content=wasm(SUB), headers=WASM)
    answer = client.delete(f"/wasm/{id}")
    assert answer.status_code == 204 and answer.content == b""
    assert_problem(client.delete(f"/wasm/{id}"), 404, "not-found")
    for path in (f"/wasm/{id}", f"/wasm/{id}?revision=1", f"/wasm/{id}/revisions"):
        assert_problem(client.get(path), 404, "not-found")
    client.add(SUB, id)
    assert client.results(id, [44, 2]) == [42]
    assert client.get(f"/wasm/{id}", params={"revision": 2}).status_code == 404


@contract("4: ?revision", "4: Wasm-Revision")
def test_an_older_revision_is_executed_on_request(client):
    id = client.add(ADD)
    client.put(f"/wasm/{id}", content=wasm(SUB), headers=WASM)
    for revision, expected in (("1", [42]), ("2", [38])):
        answer = client.call(id, [40, 2], revision=revision)
        assert answer.json() == {"results": expected} and answer.headers["wasm-revision"] == revision
    assert_problem(client.call(id, [40, 2], revision="3"), 404, "not-found")


@contract("4: Wasm-Revision")
def test_a_call_in_flight_ends_on_the_revision_it_started_with(server):
    with Client(server.url) as client:
        id = client.add(COUNT)
        client.results(id, [1])
        answers = []

        def long_call():
            with Client(server.url) as http:
                answers.append(http.call(id, [400_000_000]))

        thread = threading.Thread(target=long_call)
        thread.start()
        changed = client.put(f"/wasm/{id}", content=wasm(ADD), headers=WASM)
        gone = client.delete(f"/wasm/{id}")
        thread.join()
        assert (changed.status_code, gone.status_code) == (200, 204)
        # It started before the change (and then ends on revision 1) or after it (and then says so); never in between.
        answer = answers[0]
        assert (answer.status_code, answer.headers.get("wasm-revision")) in ((200, "1"), (400, None), (404, None))
        if answer.status_code == 200:
            assert answer.json() == {"results": [0]}


@contract("PUT /wasm/{id} 412", "DELETE /wasm/{id} 412")
@contract("3: If-Match / If-None-Match", "5: precondition-failed")
def test_preconditions_on_put_and_delete(client):
    id = client.add(ADD)
    old = etag(client, id)
    change = {"json": {"labels": {"a": "b"}}}
    assert client.put(f"/wasm/{id}", headers={"If-Match": old}, **change).status_code == 200
    now = etag(client, id)
    for headers in ({"If-Match": old}, {"If-Match": f"W/{now}"}, {"If-Match": '"nobody"'}, {"If-None-Match": now},
                    {"If-None-Match": "*"}, {"If-None-Match": f'"x", W/{now}'}):
        assert_problem(client.put(f"/wasm/{id}", headers=headers, **change), 412, "precondition-failed")
        assert_problem(client.delete(f"/wasm/{id}", headers=headers), 412, "precondition-failed")
    assert etag(client, id) == now
    for headers in ({"If-Match": "*"}, {"If-None-Match": old}, {"If-Match": '"x", ' + "{now}"}):
        headers = {name: value.format(now=etag(client, id)) for name, value in headers.items()}
        assert client.put(f"/wasm/{id}", headers=headers, **change).status_code == 200
    raw, whole = etag(client, id, Accept="application/wasm"), client.head(f"/wasm/{id}").headers["etag"]
    assert len({raw, whole, etag(client, id)}) == 3
    assert client.put(f"/wasm/{id}", headers={"If-Match": whole}, **change).status_code == 200
    assert_problem(client.put(f"/wasm/{id}", headers={"If-Match": raw}, **change), 412, "precondition-failed")
    assert_problem(client.put(f"/wasm/{id}", headers={"If-None-Match": etag(client, id, Accept="application/wasm")},
                              **change), 412, "precondition-failed")
    raw = etag(client, id, Accept="application/wasm")
    assert client.delete(f"/wasm/{id}", headers={"If-Match": raw}).status_code == 204
    missing = client.put(f"/wasm/{id}", headers={"If-Match": "*"}, **change)
    assert_problem(missing, 404, "not-found")
    assert client.get(f"/wasm/{id}").status_code == 404


@contract("GET /wasm/{id} 304", "GET /wasm/{id} 412")
@contract("3: If-Match / If-None-Match", "GET /wasm/{id} 200", "HEAD /wasm/{id}")
def test_preconditions_on_get(client):
    id = client.add(ADD)
    tags = {accept: client.head(f"/wasm/{id}", headers={"Accept": accept}).headers["etag"]
            for accept in ("application/json", "application/wasm")}
    tag = tags["application/json"]
    assert client.get(f"/wasm/{id}", headers={"If-None-Match": tag, "Accept": "application/wasm"}).status_code == 200
    for method in ("GET", "HEAD"):
        for accept, own in tags.items():
            for condition in (own, f"W/{own}", "*", f'"x", {own}'):
                answer = client.request(method, f"/wasm/{id}", headers={"If-None-Match": condition, "Accept": accept})
                assert (answer.status_code, answer.content) == (304, b"")
                assert answer.headers["etag"] == own
        assert client.request(method, f"/wasm/{id}", headers={"If-None-Match": '"x"'}).status_code == 200
        assert client.request(method, f"/wasm/{id}", headers={"If-Match": tag}).status_code == 200
        assert client.request(method, f"/wasm/{id}", headers={"If-Match": '"x"'}).status_code == 412


@contract("DELETE /wasm/{id} 400")
@contract("3: If-Match / If-None-Match", "5: bad-request")
def test_a_condition_without_a_tag_is_not_taken_for_none(client):
    id = client.add(ADD)
    tag = etag(client, id)
    for name in ("If-Match", "If-None-Match"):
        for value in ("", ",", ", ,"):
            for method, more in (("PUT", {"json": {"labels": {"a": "b"}}}), ("DELETE", {}), ("GET", {})):
                answer = client.request(method, f"/wasm/{id}", headers={name: value}, **more)
                assert_problem(answer, 400, "bad-request", name)
    assert etag(client, id) == tag


@contract("POST /wasm 412")
@contract("3: If-Match / If-None-Match", "5: precondition-failed")
def test_preconditions_on_post(client):
    id = fresh_id()
    for n, (headers, status) in enumerate([({"If-Match": "*"}, 412), ({"If-None-Match": "*"}, 201),
                                           ({"If-None-Match": "*"}, 412), ({"If-Match": '"x"'}, 412)]):
        answer = client.post("/wasm", params={"id": id}, content=wasm(ADD), headers={**WASM, **headers})
        assert answer.status_code == status, (n, answer.text)
        if status == 412:
            assert_problem(answer, 412, "precondition-failed")


@contract("3: If-Match / If-None-Match")
def test_of_racing_updates_with_one_etag_exactly_one_wins(server):
    rounds, racers = 40, 6
    with Client(server.url) as client:
        id = client.add(ADD)
        tags = [etag(client, id)]
        wins: list[list[int]] = [[] for _ in range(rounds)]
        start, end = threading.Barrier(racers + 1), threading.Barrier(racers + 1)

        def race(number: int):
            with Client(server.url) as http:
                for n in range(rounds):
                    start.wait()
                    answer = http.put(f"/wasm/{id}", headers={"If-Match": tags[-1]},
                                      json={"labels": {"winner": f"{n}-{number}"}})
                    if answer.status_code == 200:
                        wins[n].append(number)
                    else:
                        assert_problem(answer, 412, "precondition-failed")
                    end.wait()

        threads = [threading.Thread(target=race, args=(number,), daemon=True) for number in range(racers)]
        for thread in threads:
            thread.start()
        for n in range(rounds):
            start.wait(60)
            end.wait(60)
            assert len(wins[n]) == 1, f"round {n}: {wins[n]}"
            meta = client.meta(id)
            assert meta["labels"] == {"winner": f"{n}-{wins[n][0]}"} and meta["revision"] == n + 2
            tags.append(etag(client, id))
        for thread in threads:
            thread.join()


@contract("PUT /wasm/{id} 200")
def test_racing_updates_without_a_condition_all_count(server):
    with Client(server.url) as client:
        id = client.add(ADD)

        def update():
            with Client(server.url) as http:
                for n in range(10):
                    assert http.put(f"/wasm/{id}", json={"labels": {"n": str(n)}}).status_code == 200

        threads = [threading.Thread(target=update) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.meta(id)["revision"] == 61
        items = client.get(f"/wasm/{id}/revisions").json()["items"]
        assert [item["meta_data"]["revision"] for item in items] == list(range(61, 0, -1))


def test_the_oldest_revisions_go(fresh_server):
    server = fresh_server("--max-revisions", "3")
    with Client(server.url) as client:
        for number in range(1, 6):
            code = distinct(number, 20_000)
            answer = client.request("POST" if number == 1 else "PUT", "/wasm" if number == 1 else "/wasm/m", content=code,
                                    headers=WASM, params={"id": "m"} if number == 1 else {})
            assert answer.json()["meta_data"]["revision"] == number

        def kept() -> list[int]:
            return [item["meta_data"]["revision"] for item in client.get("/wasm/m/revisions").json()["items"]]

        assert kept() == [5, 4, 3]
        assert_problem(client.get("/wasm/m", params={"revision": 2}), 404, "not-found", "revision 2")
        assert_problem(client.put("/wasm/m", json={"revision": 2}), 404, "not-found", "revision 2")
        assert client.get("/wasm/m", params={"revision": 3}, headers=RAW).content == distinct(3, 20_000)
        assert client.put("/wasm/m", json={"revision": 3}).json()["meta_data"]["revision"] == 6
        assert kept() == [6, 5, 4] and client.get("/wasm/m", headers=RAW).content == distinct(3, 20_000)
        # Fewer from the next change on.
        server.kill()
        server.listen, server.flags = server.address, ("--max-revisions", "1")
        server.start()
        assert kept() == [6, 5, 4]
        assert client.put("/wasm/m", json={"labels": {"a": "b"}}).json()["meta_data"]["revision"] == 7
        assert kept() == [7]
        assert client.delete("/wasm/m").status_code == 204
        server.stop()
    report = subprocess.run([server.binary, "check", server.data], capture_output=True, text=True, timeout=60)
    assert report.returncode == 0, report.stdout
