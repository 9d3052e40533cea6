from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports.streams import StreamError_Closed
from wit_world.imports.types import (
    Fields, IncomingRequest, Method_Get, Method_Post, OutgoingBody, OutgoingResponse, ResponseOutparam)

PIECE = 64 * 1024


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        path, _, query = (request.path_with_query() or "/").partition("?")
        match (request.method(), path):
            case (Method_Get(), "/"):
                send_text(response_out, 200, "hello from Python\n")
            case (Method_Post(), "/echo"):
                echo(request, response_out)
            case (Method_Get(), "/request"):
                send_text(response_out, 200, describe(request, query))
            case _:
                send_text(response_out, 404, "not found\n")


def describe(request: IncomingRequest, query: str) -> str:
    headers = [f"{name}: {value.decode(errors='replace')}\n" for name, value in request.headers().entries()]
    return "".join([f"query: {query}\n", *headers])


def start(response_out: ResponseOutparam, status: int, content_type: str) -> OutgoingBody:
    """Sends the head; the body can be written from then on."""
    response = OutgoingResponse(Fields.from_list([("content-type", content_type.encode())]))
    response.set_status_code(status)
    body = response.body()
    ResponseOutparam.set(response_out, Ok(response))
    return body


def send_text(response_out: ResponseOutparam, status: int, text: str) -> None:
    data = text.encode()
    body = start(response_out, status, "text/plain; charset=utf-8")
    with body.write() as output:
        for at in range(0, len(data), 4096):  # a call of this function takes no more
            output.blocking_write_and_flush(data[at:at + 4096])
    OutgoingBody.finish(body, None)


def echo(request: IncomingRequest, response_out: ResponseOutparam) -> None:
    """Hands the body on piece by piece: it never is in memory as a whole."""
    source = request.consume()
    body = start(response_out, 200, "application/octet-stream")
    with source.stream() as input, body.write() as output:
        try:
            while True:
                output.blocking_splice(input, PIECE)
        except Err as error:
            if not isinstance(error.value, StreamError_Closed):
                raise
    OutgoingBody.finish(body, None)
