"""Guests from real toolchains and what each must answer. The tests run the cheap groups, tests/guests/run all of them."""

import dataclasses
import os
import pathlib
import subprocess

import httpx

from support.client import Client
from support.hostile import GUESTS

TEXT = {"Accept": "text/plain"}


@dataclasses.dataclass(frozen=True)
class Call:
    """One request to a guest and the members that its JSON answer must have (`detail`: words that stand in it)."""
    about: str
    body: dict
    says: dict
    status: int = 200


@dataclasses.dataclass(frozen=True)
class RealGuest:
    file: str  # in the cache directory; its first part is the group of tests/guests/fetch
    calls: tuple[Call, ...]
    stored: bool = True  # False: already the upload is refused

    @property
    def group(self) -> str:
        return self.file.split("/")[0]


def missing(module: str) -> dict:
    return {"code": "invalid-module", "detail": module}


GREETINGS = (
    Call("greet", {"function": "greet", "args": ["ü"]}, {"results": ["Hello, ü!"]}),
    Call("greet, arguments by name, function in full",
         {"function": "example:greetings/greetings.greet@1.0.0", "args": {"name": "you"}}, {"results": ["Hello, you!"]}),
    Call("summary", {"function": "summary", "args": [[1, 2.5, 7]]},
         {"results": [{"ok": {"count": 3, "mean": 3.5, "largest": 7}}]}),
    Call("summary of nothing", {"function": "summary", "args": [[]]}, {"results": [{"err": "no numbers"}]}),
    Call("not a list", {"function": "summary", "args": [1]}, {"code": "bad-request"}, 400))

# The languages of examples/components and how each handler there names its own.
LANGUAGES = {"rust": "Rust", "c": "C", "javascript": "JavaScript", "python": "Python", "go": "Go"}

ALL = [
    RealGuest("c/wc.wasm", (
        Call("wc", {"stdin": "one two\nthree\n"}, {"exit_code": 0, "stdout": "2 3 14\n", "stderr": ""}),
        Call("wc of nothing", {}, {"exit_code": 0, "stdout": "0 0 0\n"}),
        Call("a file", {"args": ["-f", "/etc/passwd"]}, {"exit_code": 2, "stdout": ""}))),
    RealGuest("c/settings.wasm", (
        Call("arguments, environment, sum, sleep", {"args": ["ü", "b c"], "env": {"GREETING": "hi"}},
             {"exit_code": 0, "stdout": "arg ü\narg b c\nGREETING=hi\n666667166.459\nslept\n"}),)),
    RealGuest("c/reactor.wasm", (
        Call("gcd(1071, 462)", {"function": "gcd", "args": [1071, 462]}, {"results": [21]}),
        Call("constructors have run", {"function": "prepared_length"}, {"results": [8]}))),
    RealGuest("go/command.wasm", (
        Call("goroutines", {"stdin": '{"b":1,"a":{"x":[]},"c":null}', "env": {"GREETING": "hello"}},
             {"exit_code": 0, "stdout": "[a b c] hello\n", "stderr": ""}),
        Call("bad JSON", {"stdin": "{"}, {"exit_code": 4, "stderr": "unexpected EOF\n"}),
        Call("panic", {"args": ["panic"]}, {"exit_code": 2}))),
    RealGuest("go/reactor.wasm", (
        Call("square(12)", {"function": "square", "args": [12]}, {"results": [144]}),
        Call("mean(1, 2)", {"function": "mean", "args": [1, 2]}, {"results": [1.5]}))),
    RealGuest("assemblyscript/gauss.wasm", (
        Call("gauss(100)", {"function": "gauss", "args": [100]}, {"results": [5050]}),
        Call("hypot(3, 4)", {"function": "hypot", "args": [3, 4]}, {"results": [5.0]}))),
    RealGuest("assemblyscript/shout.wasm", (
        Call("shout", {"args": ["grüße", "b"]}, {"exit_code": 2, "stdout": "GRÜSSE\nB\n"}),)),
    RealGuest("jq/gojq.wasm", (
        Call("jq", {"args": ["-c", "[.a[0]+.a[1], .c, (.a|length)]"], "stdin": '{"a":[1,2,{"b":null}],"c":"ü"}'},
             {"exit_code": 0, "stdout": '[3,"ü",3]\n'}),
        Call("jq, bad JSON", {"args": ["."], "stdin": "{"}, {"exit_code": 5}))),
    RealGuest("python/python.wasm", (
        Call("2**100", {"args": ["-c", "print(2**100)"]}, {"exit_code": 0, "stdout": "1267650600228229401496703205376\n"}),
        Call("json, standard input", {"args": ["-c", "import json,sys; print(json.load(sys.stdin)['a'])"],
                                      "stdin": '{"a": "ü"}'}, {"exit_code": 0, "stdout": "ü\n"}),
        Call("exception", {"args": ["-c", "1/0"]}, {"exit_code": 1}),
        Call("a file", {"args": ["-c", "open('/etc/passwd')"]}, {"exit_code": 1}))),
    *[RealGuest(f"components/{language}/greetings.wasm", GREETINGS) for language in LANGUAGES],
    RealGuest("components/go/command.wasm", (
        Call("words", {"args": ["2"], "stdin": "a b a Ü b a ü ü ü\n"}, {"exit_code": 0, "stdout": "4 ü\n3 a\n", "stderr": ""}),
        # WASI 0.2 has no other exit codes than 0 and 1, whatever the program says.
        Call("not a number", {"args": ["x"]}, {"exit_code": 1, "stdout": ""}))),
    RealGuest("refused/sql.wasm", (Call("sql.js", {}, missing("import"), 422),)),
    RealGuest("refused/esbuild.wasm", (Call("esbuild", {}, missing("import"), 422),)),
    RealGuest("refused/wasmoon.wasm", (Call("wasmoon", {}, missing("import"), 422),)),
    RealGuest("refused/pyodide.wasm", (Call("pyodide", {}, missing("exceptions"), 422),), stored=False),
]


def directory() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "wasm-server" / "guests"


def fetch(*groups: str) -> subprocess.CompletedProcess:
    """Builds what is missing and can be built; says on standard error what cannot."""
    return subprocess.run([GUESTS / "fetch", *groups], text=True, capture_output=True, timeout=1800)


def id_of(file: str) -> str:
    return file.removesuffix(".wasm").replace("/", "-")


def add(client: Client, guest: RealGuest) -> httpx.Response:
    code = (directory() / guest.file).read_bytes()
    id = id_of(guest.file)
    answer = client.post("/wasm", params={"id": id}, content=code, headers={"Content-Type": "application/wasm"})
    if answer.status_code == 201:
        changed = client.put(f"/wasm/{id}", json={"limits": {"timeout_ms": 60000}})
        assert changed.status_code == 200, changed.text
    return answer


def call(client: Client, guest: RealGuest, one: Call) -> httpx.Response:
    id = id_of(guest.file)
    body = dict(one.body)
    if guest.group == "refused":  # any function would do: the imports are looked at first
        body["function"] = client.meta(id)["functions"][0]["name"]
    return client.post(f"/wasm/{id}", json=body)


def complaint(answer: httpx.Response, one: Call) -> str:
    """What is wrong with an answer; empty when nothing is."""
    document = answer.json()
    if answer.status_code != one.status:
        return f"{answer.status_code} instead of {one.status}: {answer.text[:300]}"
    for key, value in one.says.items():
        found = document.get(key)
        if value not in found if key == "detail" else found != value:
            return f"{key} is {found!r} instead of {value!r}; {answer.text[:300]}"
    return ""
