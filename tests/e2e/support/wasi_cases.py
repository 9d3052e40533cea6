"""Calls of WASI preview 1 with every kind of odd argument, and guests that make them: an export for each case, which answers
the errnos that it got and what then stands in its memory."""

import dataclasses
import itertools
import struct

PAGE = 65536  # the guest's whole memory
OUT = 512  # where answers go; 64 bytes of it are looked at one by one
WORDS = 8

# One letter a parameter, as in src/engine/wasi/wasi_functions.cc, with two more: `p` is a place that the host writes or
# reads, `v` the array of vectors with its count, `s` a path with its length.
SIGNATURES = {
    "args_get": "pp", "args_sizes_get": "pp", "clock_res_get": "cp", "clock_time_get": "cIp", "environ_get": "pp",
    "environ_sizes_get": "pp", "fd_advise": "dIIa", "fd_allocate": "dII", "fd_close": "d", "fd_datasync": "d",
    "fd_fdstat_get": "dp", "fd_fdstat_set_flags": "df", "fd_fdstat_set_rights": "dRR", "fd_filestat_get": "dp",
    "fd_filestat_set_size": "dI", "fd_filestat_set_times": "dIIt", "fd_pread": "dvIp", "fd_prestat_dir_name": "dpi",
    "fd_prestat_get": "dp", "fd_pwrite": "dvIp", "fd_read": "dvp", "fd_readdir": "dpiIp", "fd_renumber": "dd",
    "fd_seek": "dIwp", "fd_sync": "d", "fd_tell": "dp", "fd_write": "dvp", "path_create_directory": "ds",
    "path_filestat_get": "dlsp", "path_filestat_set_times": "dlsIIt", "path_link": "dlsds", "path_open": "dlsoRRfp",
    "path_readlink": "dspip", "path_remove_directory": "ds", "path_rename": "dsds", "path_symlink": "sds",
    "path_unlink_file": "ds", "poll_oneoff": "ppip", "proc_exit": "i", "proc_raise": "g", "random_get": "pm",
    "sched_yield": "", "sock_accept": "dfp", "sock_recv": "dvrpp", "sock_send": "dvnp", "sock_shutdown": "dh",
}

VECTORS = 64  # where the arrays of vectors stand
TEXT = 1024  # "hello wasi"
TWO_GOOD, LATER_BAD, FIRST_BAD, EMPTY, LAST_BYTE, WRAPS = (VECTORS + 16 * n for n in range(6))
ARRAYS = {
    TWO_GOOD: ((TEXT, 5), (TEXT + 5, 5)), LATER_BAD: ((TEXT, 5), (PAGE - 4, 5)), FIRST_BAD: ((PAGE, 1), (TEXT, 5)),
    EMPTY: ((TEXT, 0), (TEXT, 0)), LAST_BYTE: ((PAGE - 1, 1), (PAGE, 0)), WRAPS: ((8, 2**32 - 8), (2**32 - 1, 2)),
}
PATH, BAD_UTF8, SURROGATE = 1100, 1110, 1120
INITIAL = {
    **{place: b"".join(struct.pack("<II", *vector) for vector in array) for place, array in ARRAYS.items()},
    OUT: b"\xaa" * 128, TEXT: b"hello wasi", PATH: b"dir/file", BAD_UTF8: b"a\xc3", SURROGATE: b"\xed\xa0\x80",
}


def flags(bits: int, width: int) -> list[int]:
    """None, one, all, the first that there is none of, and everything."""
    return [0, 1, 2**bits - 1, 2**bits, 2**width - 1]


# The values of each kind of parameter, the harmless one first. A pair is two parameters.
VALUES = {
    "d": [1, 0, 2, 3, 77, 2**31, 2**32 - 1],
    "p": [OUT, 0, PAGE - 64, PAGE - 4, PAGE, OUT + 1, 2**31, 2**32 - 8],
    "i": [16, 0, 1, 2**16, 2**31, 2**32 - 1],
    "m": [16, 0, 1, 257, PAGE - OUT, PAGE, PAGE + 1],  # of bytes that Wasmtime makes before it looks where to put them
    "I": [0, 1, 2**63, 2**64 - 1],
    "v": [(TWO_GOOD, 2), (TWO_GOOD, 0), (LATER_BAD, 2), (FIRST_BAD, 2), (EMPTY, 2), (LAST_BYTE, 1), (WRAPS, 1), (WRAPS, 2),
          (PAGE - 8, 1), (PAGE - 8, 2), (PAGE, 1), (PAGE, 0), (2**32 - 8, 1), (TWO_GOOD, 2**29), (TWO_GOOD, 2**32 - 1),
          (TWO_GOOD + 1, 1)],
    "s": [(PATH, 8), (PATH, 0), (PAGE, 0), (PAGE - 1, 1), (PAGE - 1, 2), (PATH, 2**32 - 1), (BAD_UTF8, 2), (SURROGATE, 3),
          (2**32 - 1, 1)],
    "a": [0, 5, 6, 255, 256, 2**32 - 1], "c": [0, 1, 2, 3, 4, 2**32 - 1], "w": [0, 1, 2, 3, 256, 2**32 - 1],
    "g": [0, 1, 30, 31, 255, 256, 2**32 - 1],
    "f": flags(5, 32), "l": flags(1, 32), "o": flags(4, 32), "r": flags(2, 32), "t": [*flags(4, 32), 3, 5, 12],
    "h": flags(2, 32), "n": [0, 1, 2**16 - 1, 2**16, 2**32 - 1], "R": flags(30, 64),
}


@dataclasses.dataclass(frozen=True)
class Case:
    """Calls one after the other in one instance, on a memory with `data` laid over INITIAL."""
    function: str  # whose case it is
    calls: tuple[tuple[str, tuple[int, ...]], ...]
    data: tuple[tuple[int, bytes], ...] = ()

    def __str__(self) -> str:
        return "; ".join(f"{name}({', '.join(map(str, args))})" for name, args in self.calls)


def flat(values) -> tuple[int, ...]:
    return tuple(itertools.chain.from_iterable(value if isinstance(value, tuple) else (value,) for value in values))


def odd_arguments(function: str) -> list[Case]:
    """Each argument in turn is odd while the others are harmless; those of two streams, of standard input too."""
    kinds = SIGNATURES[function]
    harmless = [VALUES[kind][0] for kind in kinds]
    found = {flat(harmless)}
    for place, kind in enumerate(kinds):
        for value in VALUES[kind]:
            odd = [*harmless[:place], value, *harmless[place + 1:]]
            found.add(flat(odd))
            if "d" in kinds and kind != "d":
                odd[kinds.index("d")] = 0
                found.add(flat(odd))
    return [Case(function, ((function, args),)) for args in sorted(found)]


def clock(userdata: int, id: int, timeout: int, flags: int = 0) -> bytes:
    return struct.pack("<QB7xI4xQQH6x", userdata, 0, id, timeout, 0, flags)


def stream(userdata: int, type: int, fd: int) -> bytes:
    return struct.pack("<QB7xI28x", userdata, type, fd)


READ, WRITE = 1, 2
SUBSCRIPTIONS = 2048


def poll(*subscriptions: bytes, before: tuple = (), place: int = SUBSCRIPTIONS, out: int = OUT) -> Case:
    call = ("poll_oneoff", (place, out, len(subscriptions), OUT + 448))
    return Case("poll_oneoff", (*before, call), ((place, b"".join(subscriptions)),))


POLLS = [
    poll(clock(7, 1, 1000)), poll(clock(7, 0, 1000)), poll(clock(7, 1, 0)), poll(clock(7, 1, 1, 1)), poll(clock(7, 0, 1, 1)),
    poll(clock(7, 2, 1000)), poll(clock(7, 3, 1, 1)), poll(clock(7, 4, 1000)), poll(clock(7, 2**32 - 1, 1000)),
    poll(clock(7, 1, 1000, 2)), poll(clock(7, 1, 1000, 2**16 - 1)), poll(stream(7, 3, 0)), poll(stream(7, 255, 0)),
    poll(clock(1, 1, 3600 * 10**9), clock(2, 1, 0)), poll(clock(1, 1, 0), clock(2, 0, 0)),
    poll(clock(1, 1, 3600 * 10**9), stream(2, WRITE, 1)), poll(clock(1, 1, 0), stream(2, WRITE, 1)),
    poll(clock(1, 1, 1000), clock(2, 4, 0)),
    *[poll(stream(7, type, fd)) for type in (READ, WRITE) for fd in (0, 1, 2, 3, 2**32 - 1)],
    poll(stream(1, WRITE, 1), stream(2, WRITE, 2)), poll(stream(1, WRITE, 1), stream(2, READ, 1)),
    poll(stream(1, WRITE, 1), stream(2, WRITE, 1), stream(3, WRITE, 2), out=SUBSCRIPTIONS),
    poll(stream(7, WRITE, 1), place=PAGE - 48), poll(stream(7, WRITE, 1), before=(("fd_close", (1,)),)),
    poll(stream(7, READ, 0), before=(("fd_read", (0, TWO_GOOD, 2, OUT + 256)),)),
]


def sequence(*calls: tuple[str, tuple[int, ...]]) -> Case:
    return Case(calls[0][0], calls)


def write(fd: int) -> tuple[str, tuple[int, ...]]:
    return ("fd_write", (fd, TWO_GOOD, 1, OUT))


SEQUENCES = [
    sequence(("fd_close", (1,)), ("fd_close", (1,)), write(1), write(2)),
    sequence(("fd_close", (0,)), ("fd_read", (0, TWO_GOOD, 1, OUT)), ("fd_fdstat_get", (0, OUT))),
    sequence(("fd_renumber", (1, 2)), write(1), write(2), ("fd_fdstat_get", (2, OUT))),
    sequence(("fd_renumber", (2, 1)), write(1), write(2), ("fd_renumber", (1, 2))),
    sequence(("fd_renumber", (0, 1)), write(1), ("fd_read", (1, TWO_GOOD, 1, OUT)), ("fd_read", (0, TWO_GOOD, 1, OUT))),
    sequence(("fd_renumber", (1, 1)), write(1)),
    sequence(("fd_renumber", (1, 3)), write(1), write(3)),
    sequence(("fd_renumber", (3, 1)), write(1)),
    sequence(("fd_read", (0, TWO_GOOD, 1, OUT)), ("fd_read", (0, TWO_GOOD, 1, OUT)), ("fd_read", (0, TWO_GOOD, 1, OUT)),
             ("fd_read", (0, TWO_GOOD, 1, OUT))),
    sequence(("proc_exit", (0,))), sequence(("proc_exit", (125,))), sequence(("proc_exit", (126,))),
]


def all_cases() -> dict[str, list[Case]]:
    """By function."""
    cases = {function: odd_arguments(function) for function in SIGNATURES}
    for case in (*POLLS, *SEQUENCES):
        cases[case.function].append(case)
    return cases


def _wat_type(function: str) -> str:
    kinds = "".join({"v": "ii", "s": "ii"}.get(kind, kind) for kind in SIGNATURES[function])
    params = " ".join("i64" if kind in "IR" else "i32" for kind in kinds)
    return f"(param {params})" + ("" if function == "proc_exit" else " (result i32)")


def _string(data: bytes) -> str:
    return '"' + "".join(f"\\{byte:02x}" for byte in data) + '"'


def _call(function: str, args: tuple[int, ...]) -> str:
    types = _wat_type(function).split(")")[0].split()[1:]
    values = " ".join(f"({type}.const {value})" for type, value in zip(types, args, strict=True))
    return f"(call ${function} {values})" + (" (i32.const 0)" if function == "proc_exit" else "")


# FNV-1a over the words of the memory.
_HASH = f"""(func $hash (result i64) (local $at i32) (local $sum i64)
  (local.set $sum (i64.const 0xcbf29ce484222325))
  (loop $next
    (local.set $sum (i64.mul (i64.const 0x100000001b3) (i64.xor (local.get $sum) (i64.load (local.get $at)))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const {PAGE}))))
  (local.get $sum))"""


def guest(cases: list[Case]) -> str:
    """Case number n is the export "n": (errno of each call..., the words at OUT..., the hash of the memory)."""
    called = sorted({name for case in cases for name, _ in case.calls})
    imports = [f'(import "wasi_snapshot_preview1" "{name}" (func ${name} {_wat_type(name)}))' for name in called]
    data = [f"(data (i32.const {place}) {_string(bytes)})" for place, bytes in INITIAL.items()]
    functions = []
    words = " ".join(f"(i64.load (i32.const {OUT + 8 * n}))" for n in range(WORDS))
    for number, case in enumerate(cases):
        moves = []
        for part, (place, bytes) in enumerate(case.data):
            data.append(f"(data $d{number}_{part} {_string(bytes)})")
            moves.append(f"(memory.init $d{number}_{part} (i32.const {place}) (i32.const 0) (i32.const {len(bytes)}))")
        results = "i32 " * len(case.calls) + "i64 " * (WORDS + 1)
        calls = " ".join(_call(*call) for call in case.calls)
        functions.append(f'(func (export "{number}") (result {results}) {" ".join(moves)} {calls} {words} (call $hash))')
    body = "\n".join([*imports, '(memory (export "memory") 1)', *data, _HASH, *functions])
    return f"(module\n{body})"
