"""A real browser, and a man in the middle that writes down what it sends and gets."""

import contextlib
import http.client
import http.server
import json
import shutil
import subprocess
import threading
import urllib.parse

CHROMIUM = shutil.which("chromium")

# Tries everything that a page can try at the server `base`, and reports to where it came from.
PAGE = """<!doctype html><meta charset=utf-8><title>page</title><iframe name=frame></iframe><script>
const base = new URLSearchParams(location.search).get('base');
const code = Uint8Array.from(atob('CODE'), c => c.charCodeAt(0));
const report = {scripts: []};
addEventListener('message', event => report.scripts.push(event.data));
async function attempt(name, path, options) {
  try {
    const answer = await fetch(base + path, options);
    report[name] = [answer.status, answer.headers.get('etag') !== null, answer.type == 'opaque' ? '' : await answer.text()];
  } catch (error) {
    report[name] = 'failed';
  }
}
function post_form(id) {  // as a form that was filled in, into the frame
  const form = document.createElement('form');
  Object.assign(form, {method: 'post', action: base + '/wasm/' + id, target: 'frame', enctype: 'text/plain'});
  const field = document.createElement('input');
  field.name = '<!doctype html><p>shown</p><script>parent.postMessage("' + id + '", "*")</scr' + 'ipt>';
  form.append(field);
  document.body.append(form);
  return new Promise(resolve => {
    document.querySelector('iframe').onload = () => setTimeout(resolve, 300);
    form.submit();
  });
}
async function run() {
  const blind = {mode: 'no-cors', method: 'POST'};  // what needs no permission asked for
  await attempt('blind_upload', '/wasm?id=blind', {...blind, body: new Blob([code])});
  await attempt('blind_execution', '/wasm/victim', {...blind, body: '[2,40]'});
  await attempt('upload', '/wasm?id=asked', {method: 'POST', body: code, headers: {'Content-Type': 'application/wasm'}});
  await attempt('execution', '/wasm/victim', {method: 'POST', body: '[2,40]', headers: {'Content-Type': 'application/json'}});
  await attempt('read', '/wasm/victim?wasm=false', {});
  await post_form('echo');
  await post_form('page');
  await attempt('deletion', '/wasm/victim', {method: 'DELETE'});
  await fetch('/report', {method: 'POST', body: JSON.stringify(report)});
}
run();
</script>"""


class Relay(http.server.ThreadingHTTPServer):
    """Serves the page and takes its report; hands all else to the server, with Host as it came, and keeps the answers."""

    daemon_threads = True

    def __init__(self, server_port: int, code_base64: str):
        super().__init__(("127.0.0.1", 0), Handler)
        self.server_of_truth = server_port
        self.page = PAGE.replace("CODE", code_base64).encode()
        self.answers: list[tuple[str, str, int, dict[str, str]]] = []  # method, path, status, header
        self.report: dict | None = None
        self.reported = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def statuses(self) -> set[int]:
        return {status for _, _, status, _ in self.answers}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/page"):
            return self.answer(200, {"Content-Type": "text/html"}, self.server.page)
        if self.path == "/report":
            self.server.report = json.loads(body)
            self.server.reported.set()
            return self.answer(204, {}, b"")
        if self.path == "/favicon.ico":
            return self.answer(404, {}, b"")
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.server_of_truth, timeout=60)
        with contextlib.closing(upstream):
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content, headers = answer.read(), dict(answer.getheaders())
        self.server.answers.append((self.command, self.path, answer.status, headers))
        dropped = ("transfer-encoding", "content-length", "connection")
        return self.answer(answer.status, {k: v for k, v in headers.items() if k.lower() not in dropped}, content)

    def answer(self, status: int, headers: dict[str, str], body: bytes):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_HEAD = handle_any


def visit(relay: Relay, page_host: str, base: str, profile) -> dict:
    """Opens the page at `page_host` (which leads to the relay) in a browser; what it reports about `base`."""
    query = urllib.parse.urlencode({"base": base})
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--disable-background-networking", f"--user-data-dir={profile}",
               "--host-resolver-rules=MAP evil.test 127.0.0.1", f"http://{page_host}/page?{query}"]
    with open(f"{profile}.log", "wb") as log:
        browser = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        assert relay.reported.wait(120), open(f"{profile}.log", errors="replace").read()[-4000:]
    finally:
        browser.terminate()
        try:
            browser.wait(20)
        except subprocess.TimeoutExpired:
            browser.kill()
            browser.wait()
    return relay.report
