package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"syscall"

	"tuco/control/api/wire"
	"tuco/control/console"
	"tuco/control/domains"
	"tuco/control/images"
	"tuco/control/trace"
	"tuco/control/volume"
)

// refusal is an error with its status.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// statuses are those of errors that others make. What wraps an errno comes last: it may wrap one of the others too.
var statuses = []struct {
	err    error
	status int
}{
	{domains.ErrNotFound, http.StatusNotFound},
	{domains.ErrExists, http.StatusConflict},
	{domains.ErrState, http.StatusConflict},
	{domains.ErrConflict, http.StatusConflict},
	{domains.ErrQuota, http.StatusInsufficientStorage},
	{images.ErrTooLarge, http.StatusInsufficientStorage},
	{volume.ErrFull, http.StatusInsufficientStorage},
	{volume.ErrNotFound, http.StatusNotFound},
	{volume.ErrExists, http.StatusConflict},
	{volume.ErrBusy, http.StatusConflict},
	{volume.ErrReadOnly, http.StatusConflict},
	{volume.ErrName, http.StatusBadRequest},
	{volume.ErrSize, http.StatusBadRequest},
	{console.ErrClosed, http.StatusNotFound},
	{ErrNoDaemon, http.StatusNotFound},
	{trace.ErrBusy, http.StatusServiceUnavailable},
	{domains.ErrConfig, http.StatusBadRequest},
	{os.ErrDeadlineExceeded, http.StatusRequestTimeout},
	{io.ErrUnexpectedEOF, http.StatusBadRequest},
	{syscall.ENOMEM, http.StatusInsufficientStorage},
}

// statusOf is an error's status.
func statusOf(err error) int {
	var r *refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &r):
		return r.status
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

// fail answers with an error.
func (s *Server) fail(w http.ResponseWriter, err error) {
	send(w, statusOf(err), wire.Error{Error: err.Error()})
}

// failed answers a request whose handler has failed, which may not have read all of the body.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	body := r.Body.(*hurried)
	if body.ended || body.held {
		s.fail(w, err)
		return
	}
	w.Header().Set("Connection", "close")
	s.fail(w, err)
	if http.NewResponseController(w).Flush() == nil {
		body.rest()
	}
}

// send answers in JSON. That the client is gone is no concern of ours.
func send(w http.ResponseWriter, status int, what any) {
	text, err := json.Marshal(what)
	if err != nil { // not of the types of package wire
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)+1)) // so that a client that still sends sees the answer's end
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// receive reads a request's body in JSON.
func receive(r *http.Request, what any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "the body has to be JSON: send \"Content-Type: application/json\"")
	}
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxJSON))
	d.DisallowUnknownFields()
	err := d.Decode(what)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return nil
		} else if err == nil {
			err = errors.New("something follows it")
		}
	}
	if status := statusOf(err); status != http.StatusInternalServerError {
		return &refusal{status, "the body: " + err.Error()}
	}
	return refuse(http.StatusBadRequest, "the body is not what is wanted here: %v; see %s", err, wire.PathOpenAPI)
}
