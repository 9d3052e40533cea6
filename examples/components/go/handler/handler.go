// The package has the name that the generated code calls: `export_`, then the interface.
package export_wasi_http_incoming_handler

import (
	"fmt"
	"strings"

	wit "go.bytecodealliance.org/pkg/wit/types"
	http "wit_component/wasi_http_types"
	streams "wit_component/wasi_io_streams"
)

const (
	pieceSize    = 64 * 1024
	maxWriteSize = 4096 // of one BlockingWriteAndFlush
)

func Handle(request *http.IncomingRequest, out *http.ResponseOutparam) {
	path, query, _ := strings.Cut(request.PathWithQuery().SomeOr("/"), "?")
	method := request.Method().Tag()
	switch {
	case method == http.Method_Get && path == "/":
		sendText(out, 200, "hello from Go\n")
	case method == http.Method_Post && path == "/echo":
		echo(request, out)
	case method == http.Method_Get && path == "/request":
		sendText(out, 200, describe(request, query))
	default:
		sendText(out, 404, "not found\n")
	}
}

func describe(request *http.IncomingRequest, query string) string {
	lines := []string{"query: " + query}
	headers := request.Headers()
	defer headers.Drop()
	for _, header := range headers.Entries() {
		lines = append(lines, fmt.Sprintf("%s: %s", header.F0, header.F1))
	}
	return strings.Join(lines, "\n") + "\n"
}

// start sends the head; the body can be written from then on.
func start(out *http.ResponseOutparam, status uint16, contentType string) *http.OutgoingBody {
	headers := http.MakeFields()
	headers.Append("content-type", []byte(contentType))
	response := http.MakeOutgoingResponse(headers)
	response.SetStatusCode(status)
	body := response.Body().Ok()
	http.ResponseOutparamSet(out, wit.Ok[*http.OutgoingResponse, http.ErrorCode](response))
	return body
}

func finish(body *http.OutgoingBody, stream *http.OutputStream) {
	stream.Drop() // a body can only be finished when nobody can write to it any more
	http.OutgoingBodyFinish(body, wit.None[*http.Fields]())
}

func sendText(out *http.ResponseOutparam, status uint16, text string) {
	body := start(out, status, "text/plain; charset=utf-8")
	stream := body.Write().Ok()
	for data := []byte(text); len(data) > 0; {
		size := min(len(data), maxWriteSize)
		if stream.BlockingWriteAndFlush(data[:size]).IsErr() {
			break // the client has left
		}
		data = data[size:]
	}
	finish(body, stream)
}

// echo hands the body on piece by piece: it never is in memory as a whole.
func echo(request *http.IncomingRequest, out *http.ResponseOutparam) {
	source := request.Consume().Ok()
	input := source.Stream().Ok()
	body := start(out, 200, "application/octet-stream")
	stream := body.Write().Ok()
	for {
		moved := stream.BlockingSplice(input, pieceSize)
		if moved.IsErr() {
			input.Drop()
			source.Drop()
			if moved.Err().Tag() != streams.StreamError_Closed {
				panic("the body broke off") // a body that is not finished is no whole answer
			}
			break
		}
	}
	finish(body, stream)
}
