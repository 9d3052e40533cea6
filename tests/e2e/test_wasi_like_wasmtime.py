"""Every function of WASI preview 1, with every kind of odd argument, answers as Wasmtime's own WASI does. The same guest runs in
Wasmtime's Python package and on the server; where they differ on purpose, the list below says why."""

import dataclasses
import functools
import http.client
import json
from typing import Callable

import wasmtime

from support import wasi_cases
from support.client import fresh_id
from support.modules import wasm
from support.wasi_cases import Case

STDIN = b"what is on standard input"
ARGS, ENV = ["-v", "ü"], {"A": "b", "LANG": "C"}
BADF, FAULT, INVAL, INTR, NOMEM = 8, 21, 28, 27, 48

CASES = wasi_cases.all_cases()


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a case came to: the guest's results, or why there are none ("exit 3", a trap's text)."""
    errnos: tuple[int, ...] = ()
    words: tuple[int, ...] = ()
    hash: int = 0
    stopped: str = ""
    stdout: bytes = b""
    stderr: bytes = b""


def outcome_of(case: Case, results: list[int], stdout: bytes, stderr: bytes) -> Outcome:
    count = len(case.calls)
    numbers = [int(result) for result in results]
    return Outcome(tuple(numbers[:count]), tuple(number % 2**64 for number in numbers[count:-1]), numbers[-1] % 2**64, "",
                   stdout, stderr)


class Reference:
    """The package's engine and WASI."""

    def __init__(self, directory):
        self.engine = wasmtime.Engine()
        self.linker = wasmtime.Linker(self.engine)
        self.linker.define_wasi()
        self.stdin, self.stdout, self.stderr = (directory / name for name in ("stdin", "stdout", "stderr"))
        self.stdin.write_bytes(STDIN)

    def run(self, module: wasmtime.Module, number: int, case: Case) -> Outcome:
        config = wasmtime.WasiConfig()
        config.argv = ["main.wasm", *ARGS]
        config.env = list(ENV.items())
        config.stdin_file, config.stdout_file, config.stderr_file = self.stdin, self.stdout, self.stderr
        store = wasmtime.Store(self.engine)
        store.set_wasi(config)
        call = self.linker.instantiate(store, module).exports(store)[str(number)]
        try:
            results = call(store)
        except wasmtime.ExitTrap as exit:
            return Outcome(stopped=f"exit {exit.code}")
        except wasmtime.WasmtimeError as error:
            return Outcome(stopped=str(error).strip().rsplit("\n", 1)[-1].strip(" 0123456789:"))
        del store  # closes the files
        return outcome_of(case, results, self.stdout.read_bytes(), self.stderr.read_bytes())


class Here:
    """The server under test, over one connection without the client's comfort: there are more than a thousand cases."""

    def __init__(self, server, id: str):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.path = f"/wasm/{id}"

    def run(self, number: int, case: Case) -> Outcome:
        request = {"function": str(number), "args": [], "stdin": STDIN.decode()}
        self.connection.request("POST", self.path, json.dumps(request), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        document = json.loads(answer.read())
        if answer.status != 200:
            return Outcome(stopped=document["detail"])
        if "exit_code" in document:
            return Outcome(stopped=f"exit {document['exit_code']}")
        streams = (document.get(name, "").encode() for name in ("stdout", "stderr"))
        return outcome_of(case, document["results"], *streams)


@dataclasses.dataclass(frozen=True)
class Difference:
    why: str
    holds: Callable[[Case, Outcome, Outcome], bool]  # theirs, ours


def without_output(outcome: Outcome) -> Outcome:
    return dataclasses.replace(outcome, words=(), hash=0, stdout=b"", stderr=b"")


def stopped_for(*reasons: str) -> Callable[[Outcome], bool]:
    return lambda outcome: any(outcome.stopped.startswith(reason) for reason in reasons)


outside = stopped_for("Pointer out of bounds", "Pointer overflow")
unaligned = stopped_for("Pointer not aligned")
no_such_value = stopped_for("Invalid enum value", "Invalid flag value", "Int conversion error", "out of range integral")


def is_call(case: Case, *functions: str) -> bool:
    return len(case.calls) == 1 and case.function in functions


def arguments(case: Case) -> tuple[int, ...]:
    return case.calls[-1][1]


@functools.cache
def vectors_of(case: Case) -> tuple[tuple[int, int], ...]:
    array, count = arguments(case)[1:3]
    return wasi_cases.ARRAYS.get(array, ())[:count]


def is_whole_poll_refused(case: Case, theirs: Outcome, ours: Outcome, errno: int) -> bool:
    """Their call failed; here it is the event of one subscription that has the error."""
    return (case.function == "poll_oneoff" and theirs.errnos[-1] == errno and ours.errnos[-1] == 0
            and ours.words[1] & 0xFFFF in (0, errno))


DIFFERENCES = [
    Difference("A pointer outside of the memory is the errno `fault`: the guest's own code can report it. Theirs ends the guest.",
               lambda case, theirs, ours: outside(theirs) and ours.errnos[-1] == FAULT),
    Difference("A pointer need not be aligned: the machine does not ask for it, so a guest is not ended for it.",
               lambda case, theirs, ours: unaligned(theirs) and ours.errnos[-1] in (0, BADF, FAULT, INVAL)),
    Difference("A value that an enumeration or a set of flags has not is the errno `inval`. Theirs ends the guest.",
               lambda case, theirs, ours: no_such_value(theirs) and ours.errnos == (INVAL,)),
    Difference("All exit codes are the guest's own. Theirs refuses those from 126 on, which shells use.",
               lambda case, theirs, ours: case.function == "proc_exit" and "invalid exit status" in theirs.stopped
               and ours.stopped == f"exit {arguments(case)[0]}"),
    Difference("A write or read goes on through all vectors. Theirs moves the first that is not empty.",
               lambda case, theirs, ours: is_call(case, "fd_write", "fd_read") and theirs.errnos == ours.errnos == (0,)
               and len(vectors_of(case)) > 1),
    Difference("A write or read with a vector outside of the memory moves nothing, also when an earlier one is good.",
               lambda case, theirs, ours: is_call(case, "fd_write", "fd_read", "fd_pread", "fd_pwrite")
               and theirs.errnos != (FAULT,) and ours.errnos == (FAULT,) and ours.stdout == ours.stderr == b""),
    Difference("A read of no bytes is no error. Theirs says it was interrupted, and a guest would try for ever.",
               lambda case, theirs, ours: case.function == "fd_read" and theirs.errnos == (INTR,) and ours.errnos == (0,)),
    Difference("More vectors than are looked at are a short write or read, and more subscriptions than that are `inval`. "
               "Theirs lacks memory.",
               lambda case, theirs, ours: theirs.errnos == (NOMEM,)
               and ours.errnos[0] in ((INVAL,) if case.function == "poll_oneoff" else (0, BADF, FAULT))),
    Difference("A clock that is due has its event beside those of streams that are ready. Theirs leaves it out.",
               lambda case, theirs, ours: case.function == "poll_oneoff" and theirs.errnos == ours.errnos == (0,)
               and (ours.words[1] >> 16 & 0xFF, ours.words[4:6]) == (0, theirs.words[:2])),
    Difference("A subscription to a stream that cannot be read, or written, has `badf` in its own event.",
               lambda case, theirs, ours: is_whole_poll_refused(case, theirs, ours, BADF)),
    Difference("A subscription to a clock that is not offered has `inval` in its own event. Theirs sleeps, or fails the call.",
               lambda case, theirs, ours: case.function == "poll_oneoff" and ours.errnos == (0,)
               and ours.words[1] & 0xFFFF == INVAL),
    Difference("The event of a stream to read says how many bytes are left, and that there are no more. Theirs always says one.",
               lambda case, theirs, ours: case.function == "poll_oneoff" and theirs.errnos == ours.errnos
               and theirs.words[:2] == ours.words[:2] and theirs.words[1] >> 16 & 0xFF == wasi_cases.READ),
    Difference("Times and random bytes are never the same twice.",
               lambda case, theirs, ours: case.function in ("clock_time_get", "clock_res_get", "random_get")
               and without_output(theirs) == without_output(ours)),
]


def explanation(case: Case, theirs: Outcome, ours: Outcome) -> Difference | None:
    for difference in DIFFERENCES:
        comparable = not ours.stopped or case.function == "proc_exit"
        if comparable and (theirs.errnos or theirs.stopped) and difference.holds(case, theirs, ours):
            return difference
    return None


def compare(reference: Reference, here: Here, cases: list[Case], used: set[Difference]) -> list[str]:
    """What is different and should not be."""
    module = wasmtime.Module(reference.engine, wasm(wasi_cases.guest(cases)))
    unexplained = []
    for number, case in enumerate(cases):
        theirs, ours = reference.run(module, number, case), here.run(number, case)
        if theirs == ours:
            continue
        difference = explanation(case, theirs, ours)
        if difference is None:
            unexplained.append(f"{case}\n  theirs {theirs}\n  ours   {ours}")
        else:
            used.add(difference)
    here.connection.close()
    return unexplained


def test_odd_arguments(server, client, tmp_path):
    reference = Reference(tmp_path)
    used: set[Difference] = set()
    # All are compiled while the first are run.
    guests = {name: client.add(wasi_cases.guest(cases), fresh_id(f"wasi-{name}"), args=ARGS, env=ENV)
              for name, cases in CASES.items()}
    unexplained = [text for name, id in guests.items() for text in compare(reference, Here(server, id), CASES[name], used)]
    assert not unexplained, "\n".join(unexplained)
    assert set(DIFFERENCES) == used, "a difference that is not there any more"
