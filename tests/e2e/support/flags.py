"""The flags that the tests use, in one place: each is a function from its value to the command line."""


def flag(name: str):
    return lambda value: (f"--{name}", str(value))


header_timeout_ms = flag("header-timeout-ms")
read_timeout_ms = flag("read-timeout-ms")
write_timeout_ms = flag("write-timeout-ms")
idle_timeout_ms = flag("idle-timeout-ms")
max_connections = flag("max-connections")
max_body_bytes = flag("max-body-bytes")
max_body_memory = flag("max-body-memory-bytes")
store_bytes = flag("store-bytes")
store_reserve_bytes = flag("store-reserve-bytes")
store_log_bytes = flag("store-log-bytes")
grace_ms = flag("grace-ms")
max_timeout_ms = flag("max-timeout-ms")
default_timeout_ms = flag("default-timeout-ms")
module_cache_bytes = flag("module-cache-bytes")
max_functions = flag("max-functions")
compile_cpu_ms = flag("compile-cpu-ms")
compile_memory_bytes = flag("compile-memory-bytes")
