"""Runs wrk against a server and adds what it cost the server."""

import json
import os
import pathlib
import resource
import subprocess
from dataclasses import asdict, dataclass

from harness.process import Failed, Process, TICKS

LUA = pathlib.Path(__file__).resolve().parents[1] / "lua"


@dataclass
class Sample:
    """One run of wrk. Times in microseconds; `foreign` is the share of all CPU time that somebody else used."""
    requests: int
    per_second: float
    cpu_us: float  # of the server, per request
    p50: float
    p90: float
    p99: float
    max: float
    refused: int  # answers with status 400 or above
    failed: int  # connections that broke
    foreign: float

    def record(self) -> dict:
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(self).items()}


def busy_seconds() -> float:
    """CPU time used on the whole machine, by anybody."""
    user, nice, system, _, _, irq, softirq, steal = map(
        int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(server: Process, path: str, script: str, args: list, connections: int, seconds: float,
        threads: int = 1, tolerate: int = 0) -> Sample:
    """Fails when more than `tolerate` answers were refused or broken: what was measured would be something else."""
    command = ["wrk", f"-t{min(threads, connections)}", f"-c{connections}", f"-d{max(1, round(seconds))}s",
               "--timeout", "60s", "-s", str(LUA / script), server.url + path, "--", *map(str, args)]
    before = server.cpu_seconds(), busy_seconds(), children_seconds()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "BENCH_LUA": str(LUA)},
                          timeout=seconds + 120)
    server.check()
    cpu, busy, own = (now - then for now, then in
                      zip((server.cpu_seconds(), busy_seconds(), children_seconds()), before))
    line = next((text[5:] for text in done.stdout.splitlines() if text.startswith("JSON ")), None)
    if line is None:
        raise Failed(f"wrk said: {done.stdout}{done.stderr}")
    figures = json.loads(line)
    elapsed = figures["microseconds"] / 1e6
    requests = max(1, figures["requests"])
    sample = Sample(
        requests=figures["requests"], per_second=figures["requests"] / elapsed, cpu_us=cpu * 1e6 / requests,
        p50=figures["p50"], p90=figures["p90"], p99=figures["p99"], max=figures["max"],
        refused=figures["refused"], failed=figures["failed"],
        foreign=max(0.0, busy - cpu - own) / (elapsed * os.cpu_count()))
    if sample.refused + sample.failed > tolerate:
        raise Failed(f"{server.name}: {sample.refused} of {requests} answers refused, {sample.failed} broken")
    return sample


def until_done(server: Process, script: str, args: list, word: str, count: int, connections: int) -> None:
    """Runs a script that ends by itself, with a line of `word` and how many of its `count` requests went well."""
    command = ["wrk", "-t1", f"-c{min(connections, count)}", "-d900s", "--timeout", "60s", "-s", str(LUA / script),
               server.url, "--", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=960)
    server.check()
    if f"{word} {count}" not in done.stdout.splitlines():
        raise Failed(f"{server.name}: {script} did not end well (wrk ended with {done.returncode}): "
                     f"{done.stdout[-300:]}{done.stderr[-300:]}")


def store(server: Process, body: pathlib.Path, count: int, prefix: str, connections: int = 64) -> None:
    """Stores `count` small modules that all differ, called PREFIX0, PREFIX1, ..."""
    until_done(server, "store.lua", [body, count, prefix], "STORED", count, connections)


def execute_each(server: Process, count: int, prefix: str, connections: int = 64) -> None:
    """Calls `add` of each of these modules once."""
    until_done(server, "sweep.lua", [prefix, count], "ANSWERED", count, connections)
