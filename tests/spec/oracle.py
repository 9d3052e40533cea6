"""An independent answer: the same engine, reached from Python, with a fresh instance per call like the server."""

import math
import struct

import wasmtime

from values import WIDTH, float_bits

_engine = None


def _the_engine() -> wasmtime.Engine:
    global _engine
    if _engine is None:
        config = wasmtime.Config()
        for feature in ("wasm_tail_call", "wasm_multi_memory", "wasm_memory64", "wasm_function_references", "wasm_gc",
                        "wasm_exceptions"):
            if hasattr(type(config), feature):
                setattr(config, feature, True)
        _engine = wasmtime.Engine(config)
    return _engine


def _argument(value: dict):
    bits = int(value["value"]) % (1 << WIDTH[value["type"]])
    width = WIDTH[value["type"]]
    if value["type"].startswith("f"):
        return struct.unpack(">f" if width == 32 else ">d", bits.to_bytes(width // 8, "big"))[0]
    return bits - (1 << width) if bits >> (width - 1) else bits


def agrees(case, outcome: str | list[str]) -> bool:
    """Whether a fresh instance here ends as the server's did: `outcome` is the texts of its results, or "trap"."""
    engine = _the_engine()
    store = wasmtime.Store(engine)
    try:
        module = wasmtime.Module(engine, case.module.read_bytes())
        function = wasmtime.Instance(store, module, []).exports(store)[case.field]
        args = [_argument(value) for value in case.args]
        if [value["type"] for value in case.expected] == ["v128"]:
            return [_vector(store, function, [value["type"] for value in case.args], args)] == outcome
        result = function(store, *args)
    except (wasmtime.Trap, wasmtime.WasmtimeError):
        return outcome == "trap"
    if outcome == "trap":
        return False
    results = result if isinstance(result, list) else [] if result is None else [result]
    return len(results) == len(outcome) and all(
        _same(value, text, expected["type"])
        for value, text, expected in zip(results, outcome, case.expected or [{}] * len(results), strict=True))


def _vector(store: wasmtime.Store, function: wasmtime.Func, types: list[str], args: list) -> str:
    """Calls a function that returns a v128, which Python has no value for: by way of a memory."""
    params = f"(param {' '.join(types)})"
    adapter = wasmtime.Module(store.engine, f"""(module
        (import "" "" (func $f {params} (result v128)))
        (memory (export "memory") 1)
        (func (export "run") {params}
          (v128.store (i32.const 0) (call $f {" ".join(f"(local.get {n})" for n in range(len(types)))}))))""")
    exports = wasmtime.Instance(store, adapter, [function]).exports(store)
    exports["run"](store, *args)
    return exports["memory"].read(store, 0, 16).hex()


def _same(value, text: str, type: str) -> bool:
    if type in ("f32", "f64"):
        other = float_bits(text, WIDTH[type])
        mine = struct.pack(">f" if type == "f32" else ">d", value)
        return int.from_bytes(mine, "big") == other or math.isnan(value) and text.lower().lstrip("-").startswith("nan")
    return int(text) == value
