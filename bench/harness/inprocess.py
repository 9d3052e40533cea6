"""Runs one of the Google Benchmark programs and reads what it measured."""

import json
import os
import pathlib
import subprocess

from harness.process import Failed


def run(program: pathlib.Path | None, pattern: str, seconds: float, env: dict | None = None) -> dict[str, dict]:
    """By the benchmark's name: real and CPU time in microseconds, items per second of CPU time, and its counters."""
    if program is None or not program.exists():
        raise Failed("the in-process benchmarks are not built (tools/build bench)")
    done = subprocess.run([str(program), f"--benchmark_filter={pattern}", f"--benchmark_min_time={seconds}",
                           "--benchmark_format=json"], capture_output=True, text=True, timeout=1800,
                          env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise Failed(f"{program.name} failed: {done.stderr[-500:]}")
    found = {}
    for entry in json.loads(done.stdout)["benchmarks"]:
        if entry.get("error_occurred"):
            raise Failed(f"{entry['name']}: {entry['error_message']}")
        scale = {"ns": 1e-3, "us": 1, "ms": 1e3, "s": 1e6}[entry["time_unit"]]
        found[entry["name"]] = {**entry, "real_us": entry["real_time"] * scale, "cpu_us": entry["cpu_time"] * scale}
    if not found:
        raise Failed(f"{program.name} has no benchmark that matches {pattern}")
    return found
