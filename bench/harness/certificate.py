"""A certificate of its own for servers that speak TLS to the benchmark's clients, which check nothing."""

import pathlib
import subprocess
from dataclasses import dataclass


@dataclass
class Certificate:
    file: pathlib.Path
    key: pathlib.Path


def make(directory: pathlib.Path) -> Certificate:
    """ECDSA over P-256, which is what servers on the internet mostly have."""
    made = Certificate(directory / "bench.crt", directory / "bench.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", made.key, "-out", made.file], check=True, capture_output=True, timeout=60)
    return made
