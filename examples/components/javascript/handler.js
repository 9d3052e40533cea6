addEventListener("fetch", (event) => event.respondWith(handle(event.request)));

async function handle(request) {
  const { pathname, search } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case "GET /":
      return text("hello from JavaScript\n");
    case "POST /echo":
      // The body is handed on as a stream: it never is in memory as a whole.
      return new Response(request.body);
    case "GET /request":
      return text(describe(request, search));
    default:
      return text("not found\n", 404);
  }
}

function describe(request, search) {
  const headers = [...request.headers].map(([name, value]) => `${name}: ${value}\n`);
  return [`query: ${search.slice(1)}\n`, ...headers].join("");
}

function text(body, status = 200) {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
