"""An HTTP client with the few verbs that the tests repeat."""

import base64
import json
import uuid

import httpx

from support.modules import wasm
from support.server import wait_until

JSON = {"Content-Type": "application/json"}
WASM = {"Content-Type": "application/wasm"}
WAT = {"Content-Type": "text/wat"}


def fresh_id(prefix: str = "t") -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class Client(httpx.Client):
    def __init__(self, url: str, timeout: float = 60, verify=False):  # without TLS it is quick to make
        super().__init__(base_url=url, timeout=timeout, trust_env=False, verify=verify,
                         limits=httpx.Limits(max_connections=256, max_keepalive_connections=256))

    def add(self, module: str | bytes, id: str | None = None, **fields) -> str:
        """Stores a module (WAT is compiled here, not by the server) and returns its id."""
        code = wasm(module) if isinstance(module, str) else module
        id = id or fresh_id()
        if fields:
            body = {"id": id, "wasm": base64.b64encode(code).decode(), **fields}
            answer = self.post("/wasm", json=body)
        else:
            answer = self.post("/wasm", params={"id": id}, content=code, headers=WASM)
        assert answer.status_code == 201, answer.text
        return id

    def add_ready(self, module: str | bytes, id: str | None = None, **fields) -> str:
        """The same, and waits until it is compiled: for a call whose deadline is shorter than that may take."""
        id = self.add(module, id, **fields)
        wait_until(lambda: self.meta(id)["state"] == "ready")
        return id

    def call(self, id: str, args=(), function: str | None = None, headers=None, **params) -> httpx.Response:
        body: dict = {"args": args if isinstance(args, dict) else list(args)}
        if function is not None:
            body["function"] = function
        return self.post(f"/wasm/{id}", json=body, headers=headers, params=params or None)

    def call_text(self, id: str, text: str, function: str | None = None) -> httpx.Response:
        """`text` is the JSON of the arguments, sent as it stands."""
        name = "" if function is None else f'"function":{json.dumps(function)},'
        return self.post(f"/wasm/{id}", content=f'{{{name}"args":{text}}}', headers=JSON)

    def results(self, id: str, args=(), function: str | None = None) -> list:
        answer = self.call(id, args, function)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json", answer.headers
        document = answer.json()
        assert list(document) == ["results"], document
        return document["results"]

    def meta(self, id: str, **params) -> dict:
        answer = self.get(f"/wasm/{id}", params={"wasm": "false", **params})
        assert answer.status_code == 200, answer.text
        return answer.json()["meta_data"]


def assert_problem(answer: httpx.Response, status: int, code: str, *mentions: str) -> dict:
    """The answer is a problem document of this status and code; `mentions` stand in its detail."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json", answer.headers
    assert answer.headers.get("x-request-id"), answer.headers
    problem = answer.json()
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["code"] == code, problem
    assert problem["title"]
    for mention in mentions:
        assert mention in problem["detail"], problem
    return problem
