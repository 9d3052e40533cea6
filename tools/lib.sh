# Shared by the scripts in tools/ (sourced). Everything that is expensive to make is kept in
# $cache, outside the checkout, so that a second clone or a clean build does not pay for it again.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wasm-server

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
heading() { printf '\n== %s ==\n' "$*"; }

jobs() { nproc; }

# 40 hex digits over standard input.
hash_of() { sha256sum | cut -c1-40; }

# The Python environment of the test tools; its name changes with the pinned requirements and with
# the interpreter, so an old one is never mistaken for a fitting one.
venv_dir() {
  local key
  key=$({ python3 -c 'import sys; print(sys.version, sys.base_prefix)'
          cat "$root/tests/requirements.txt" "$root/tools/requirements.txt"; } | hash_of)
  printf '%s/venv-%s\n' "$cache" "${key:0:12}"
}

# The unit test programs of a configured preset, which are targets as well.
unit_programs() {
  (cd "$root" && ctest --preset "$1" --show-only=json-v1) | python3 -c '
import json, sys
print(*(test["name"] for test in json.load(sys.stdin)["tests"]))'
}
