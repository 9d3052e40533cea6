"""The benchmarks that need no server: our way of calling a guest against the bare engine (issue B, 90 % of it), and
every other Google Benchmark program of the tree, whose figures are kept as they come."""

from harness import inprocess
from harness.context import Context
from harness.measure import Row, interleave, say
from harness.process import Failed

NAME = "inprocess"
SIZES = {0: "69 B", 1 << 10: "1 KB", 100 << 10: "100 KB", 1 << 20: "1 MB", 10 << 20: "10 MB"}
LARGE = "/(1048576|10485760)"


def calls_per_second(context: Context, name: str) -> float:
    found = inprocess.run(context.engine_bench, f"^{name}$", context.pick(1, 0.05))
    return found[name]["items_per_second"]


def against_bare(context: Context, size: int) -> list[Row]:
    what = f"instance + call + drop in process, module of {SIZES[size]}"
    samples = interleave(what, context.rounds, {
        name: lambda name=name: calls_per_second(context, f"{name}/{size}")
        for name in ("Ours", "BareAsync", "BareSync")})
    return [Row("3b", what, "calls/s", samples["Ours"], samples["BareAsync"], "bare engine, on a fiber", 0.9),
            Row("3b", what, "calls/s", samples["Ours"], samples["BareSync"], "bare engine, without a fiber")]


def others(context: Context) -> dict:
    """One short run of every program; in a quick run only to see that it still works."""
    figures = {}
    for program in sorted(context.programs.glob("*_bench")):
        pattern = f"-{LARGE}" if context.quick or program == context.engine_bench else "."
        found = inprocess.run(program, pattern, context.pick(0.2, 0.01))
        figures[program.name] = {name: round(entry["real_us"], 3) for name, entry in found.items()}
        say(f"  {program.name}: {len(found)} benchmarks ran")
    return figures


def measure(context: Context) -> tuple[list[Row], list]:
    if context.engine_bench is None:
        raise Failed("the in-process benchmarks are not built (tools/build bench)")
    rows = [row for size in context.pick(tuple(SIZES), (0,)) for row in against_bare(context, size)]
    rows[0].extra["real_microseconds"] = others(context)
    return rows, []
