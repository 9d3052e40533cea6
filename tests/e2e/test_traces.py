"""Traces: what a collector of OpenTelemetry gets, checked against the protocol's own definition."""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.client import Client
from support.modules import ADD
from support.server import ServerProcess, wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


class Collector:
    """Takes what is exported to it; `status` is what it answers."""

    def __init__(self, port: int = 0):
        self.status = 200
        self.bodies: list[bytes] = []
        self.requests = 0
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.requests += 1
                assert self.headers["Content-Type"] == "application/json"
                if collector.status == 200:
                    collector.bodies.append(body)
                self.send_response(collector.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list:
        return [span for body in list(self.bodies) for span in spans_of(body)]


@contextmanager
def collector(port: int = 0):
    made = Collector(port)
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()


def spans_of(body: bytes) -> list:
    """OTLP's JSON has ids in hexadecimal digits, protobuf's own has base64; all else is protobuf's."""
    document = json.loads(body)
    for group in document["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span in scope["spans"]:
                for field in ("traceId", "spanId", "parentSpanId"):
                    if field in span:
                        span[field] = base64.b64encode(bytes.fromhex(span[field])).decode()
    message = json_format.ParseDict(document, ExportTraceServiceRequest())
    resource = {item.key: item.value.string_value for item in message.resource_spans[0].resource.attributes}
    assert resource["service.name"] == "wasm-server" and resource["service.version"]
    return [span for group in message.resource_spans for scope in group.scope_spans for span in scope.spans]


def attributes(span) -> dict:
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes}


def metric(server: ServerProcess, name: str) -> float:
    text = httpx.get(server.url + "/metrics").text
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))


def test_a_trace_goes_on_in_the_spans_of_the_request_and_the_execution(fresh_server):
    with collector() as taken:
        server = fresh_server("--otlp-endpoint", taken.url, "--trace-percent", "0")
        with Client(server.url) as client:
            client.add(ADD, "add")
            answer = client.post("/wasm/add?secret=x", json=[2, 40], headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
            assert client.post("/wasm/add", json=[2, 40], headers={"traceparent": f"00-{TRACE}-{PARENT}-00"}).status_code == 200
            wait_until(lambda: len(taken.spans()) == 2)
        spans = {span.name: span for span in taken.spans()}
        request, execution = spans["POST /wasm/{id}"], spans["execute"]
        assert answer.headers["traceparent"] == f"00-{TRACE}-{request.span_id.hex()}-01"
        assert request.trace_id.hex() == execution.trace_id.hex() == TRACE
        assert (request.parent_span_id.hex(), execution.parent_span_id) == (PARENT, request.span_id)
        assert request.start_time_unix_nano < execution.start_time_unix_nano <= execution.end_time_unix_nano
        found = attributes(request)
        assert found["http.request.method"] == "POST" and found["http.response.status_code"] == 200
        assert found["http.route"] == "/wasm/{id}" and found["url.path"] == "/wasm/add"
        assert "secret" not in str(request)
        found = attributes(execution)
        assert (found["wasm.module"], found["wasm.function"], found["wasm.ended"]) == ("add", "add", "returned")
        assert found["wasm.revision"] == 1 and found["wasm.run_us"] >= 0
        assert metric(server, "wasm_server_spans_exported_total") == 2


def test_requests_without_one_begin_traces(fresh_server):
    with collector() as taken:
        server = fresh_server("--otlp-endpoint", taken.url + "/my/path")
        with Client(server.url) as client:
            first = client.get("/wasm").headers["traceparent"]
            client.get("/wasm/nobody")
            server.stop()  # sends what there is
        spans = taken.spans()
        assert [span.name for span in spans] == ["GET /wasm", "GET /wasm/{id}"]
        assert first == f"00-{spans[0].trace_id.hex()}-{spans[0].span_id.hex()}-01"
        assert spans[0].parent_span_id == b"" and spans[0].trace_id != spans[1].trace_id


def test_a_collector_that_is_away_costs_nothing_and_is_told_later(fresh_server):
    with collector() as taken:
        taken.status = 503
        server = fresh_server("--otlp-endpoint", taken.url)
        with Client(server.url) as client:
            client.get("/wasm")
            wait_until(lambda: taken.requests > 0)
            assert "takes no spans now" in server.stderr_text()
            taken.status = 200
            wait_until(lambda: len(taken.spans()) >= 1)
            assert metric(server, "wasm_server_spans_dropped_total") == 0
            taken.status = 400
            client.get("/wasm")
            wait_until(lambda: metric(server, "wasm_server_spans_dropped_total") > 0)
    refused = fresh_server("--otlp-endpoint", taken.url, "--trace-percent", "100")
    with Client(refused.url) as client:
        assert client.get("/wasm").status_code == 200
    refused.stop()  # does not wait for it


def test_an_endpoint_that_is_none_is_refused(binary, tmp_path):
    import subprocess
    for wrong in ("localhost:4318", "ftp://x", "http://", "http://a b"):
        done = subprocess.run([binary, "serve", "--data", tmp_path / "d", "--otlp-endpoint", wrong],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode != 0 and "--otlp-endpoint" in done.stderr, done.stderr
