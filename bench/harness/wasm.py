"""The modules that the benchmarks store and call, written byte by byte so that no tool is needed."""

import functools
import random

MEMORY_PAGE = 65536
# The export "add" and the memory that goes with it; with `hello` these are the 69 bytes that the peers bring along.
ADD_BODY = bytes.fromhex("00200020016a0b")  # no locals; local.get 0; local.get 1; i32.add; end


def leb(value: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def sleb(value: int) -> bytes:
    """Signed LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        done = (value == 0 and not byte & 0x40) or (value == -1 and byte & 0x40)
        out.append(byte | (0 if done else 0x80))
        if done:
            return bytes(out)


def section(number: int, *items: bytes) -> bytes:
    body = leb(len(items)) + b"".join(items)
    return bytes([number]) + leb(len(body)) + body


def sized(body: bytes) -> bytes:
    return leb(len(body)) + body


def export(name: str, kind: int, index: int) -> bytes:
    return sized(name.encode()) + bytes([kind]) + leb(index)


def data_at(offset: int, content: bytes) -> bytes:
    return b"\x00\x41" + sleb(offset) + b"\x0b" + sized(content)


def module(types: list[bytes], functions: list[tuple[int, bytes]], exports: list[tuple[str, int]], pages: int = 1,
           data: tuple[int, bytes] | None = (100, b"hello")) -> bytes:
    """A module with one exported memory; `functions` are (type, body), `exports` (name, function)."""
    return b"".join([
        b"\x00asm\x01\x00\x00\x00",
        section(1, *types),
        section(3, *(leb(kind) for kind, _ in functions)),
        section(5, b"\x00" + leb(pages)),
        section(7, export("memory", 2, 0), *(export(name, 0, index) for name, index in exports)),
        section(10, *(sized(body) for _, body in functions)),
        section(11, data_at(*data)) if data else b"",
    ])


I32_I32_TO_I32 = bytes.fromhex("60027f7f017f")
I32_TO_I32 = bytes.fromhex("60017f017f")
TO_NOTHING = bytes.fromhex("600000")


def add() -> bytes:
    """`add(a: i32, b: i32) -> i32` beside one page of memory: 69 bytes."""
    return module([I32_I32_TO_I32], [(0, ADD_BODY)], [("add", 0)])


def add_with_data(size: int) -> bytes:
    """The same with so much data that the module has about `size` bytes: cheap to check, dear to keep."""
    content = random.Random(size).randbytes(max(0, size - 75))
    return module([I32_I32_TO_I32], [(0, ADD_BODY)], [("add", 0)], len(content) // MEMORY_PAGE + 2, (100, content))


def touch() -> bytes:
    """`touch(x: i32) -> i32`: 4 MB of memory, 1 MB of it given data; writes to two pages, one in the data, one beyond."""
    body = b"\x00" + b"".join([
        b"\x41" + sleb(4096) + b"\x20\x00\x36\x02\x00",  # i32.store 4096 x
        b"\x41" + sleb(2 << 20) + b"\x20\x00\x36\x02\x00",  # i32.store 2 MB x
        b"\x41" + sleb(4096) + b"\x28\x02\x00",
        b"\x41" + sleb(2 << 20) + b"\x28\x02\x00\x6a\x0b",
    ])
    return module([I32_TO_I32], [(0, body)], [("touch", 0)], 64, (0, random.Random(1).randbytes(1 << 20)))


def spin() -> bytes:
    """`spin()` never ends and calls nothing."""
    return module([TO_NOTHING], [(0, bytes.fromhex("0003400c000b0b"))], [("spin", 0)])


def filler_body(seed: int) -> bytes:
    """One function as a compiler would write it: locals, arithmetic, loads and stores, a loop with a way out."""
    dice = random.Random(seed)
    out = bytearray(b"\x01\x04\x7f")  # four more i32 locals
    out += b"\x03\x40"  # loop
    for _ in range(dice.randrange(10, 18)):
        a, b, to = dice.randrange(6), dice.randrange(6), dice.randrange(2, 6)
        out += bytes([0x20, a, 0x20, b, dice.choice((0x6A, 0x6B, 0x6C, 0x71, 0x72, 0x73, 0x74, 0x76))])
        out += b"\x41" + sleb(dice.randrange(1 << 16)) + b"\x6a"  # + constant
        out += bytes([0x22, to, 0x41]) + sleb(0xFFF8) + b"\x71"  # tee; & 0xfff8: an address in the first page
        out += bytes([0x20, to, 0x36, 0x02]) + leb(dice.randrange(1, 64) * 4)  # i32.store
    out += b"\x20\x00\x41\x01\x6a\x22\x00\x20\x01\x48\x0d\x00\x0b"  # if (++a < b) goto loop
    return bytes(out + b"\x20\x05\x0b")


@functools.cache
def code(size: int) -> bytes:
    """`add` among so many other functions that the module has about `size` bytes of code; 1 MB of memory."""
    bodies = [filler_body(seed) for seed in range(61)]
    average = sum(map(len, bodies)) / len(bodies) + 3
    count = max(0, int((size - 80) / average))
    functions = [(0, ADD_BODY)] + [(0, bodies[i % len(bodies)]) for i in range(count)]
    return module([I32_I32_TO_I32], functions, [("add", 0)], 16)


def unique(wasm: bytes, number: int) -> bytes:
    """The same module, with a custom section that makes its bytes different (lua/save.lua does the same)."""
    return wasm + b"\x00\x12\x01u" + b"%016x" % number
