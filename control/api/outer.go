package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"tuco/control/api/wire"
)

// outer is what is around each request: the token, deadlines, the log, and an answer for a handler that panics.
func (s *Server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		a := &answer{ResponseWriter: w, patience: s.Patience}
		defer func() {
			bad := recover()
			if bad != nil && bad != http.ErrAbortHandler {
				s.Log.Error("a request of the API has failed badly", "method", r.Method, "path", r.URL.Path, "reason", bad, "stack", string(debug.Stack()))
				if a.status == 0 {
					s.fail(a, fmt.Errorf("the control domain has made an error; its log tells more"))
				}
				bad = http.ErrAbortHandler // the connection is not to be used again
			}
			s.log(r, a, time.Since(begun))
			if bad != nil {
				panic(bad)
			}
		}()
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if !s.admitted(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="tuco"`)
			w.Header().Set("Connection", "close") // its body is not read
			s.fail(a, refuse(http.StatusUnauthorized, "the token is wrong or missing: send \"Authorization: %sTOKEN\" with the token of this host's record", wire.Bearer))
			return
		}
		next.ServeHTTP(a, a.hurry(r))
	})
}

// admitted tells whether a request has the token.
func (s *Server) admitted(r *http.Request) bool {
	token, is := strings.CutPrefix(r.Header.Get("Authorization"), wire.Bearer)
	sum := sha256.Sum256([]byte(token))
	return is && subtle.ConstantTimeCompare(sum[:], s.Token[:]) == 1
}

// log tells of a request: of one that changes something, or went wrong, at a level that is shown.
func (s *Server) log(r *http.Request, a *answer, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case a.status == http.StatusUnauthorized:
		s.counts.unauthorized.Add(1)
		if !s.refusals.Allow(1, time.Now()) {
			return
		}
		level = slog.LevelWarn
	case a.status >= http.StatusInternalServerError:
		level = slog.LevelError
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		level = slog.LevelInfo
	}
	s.counts.answered(a.status)
	s.Log.Log(r.Context(), level, "api", "method", r.Method, "path", r.URL.Path, "status", a.status, "took", took.Round(time.Microsecond), "from", r.RemoteAddr)
}

// answer is a ResponseWriter that knows its status, and whose client has to take what it is sent, and to send what it has announced, without long pauses.
type answer struct {
	http.ResponseWriter
	patience time.Duration
	status   int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		a.status = status
	}
	a.extend()
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.extend()
	return a.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// extend gives the client time for what is sent next. A connection that has no deadlines is a test's.
func (a *answer) extend() {
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(a.patience))
}

// hurry is the request with a body that comes without long pauses. It is another request, since net/http looks at the body of its own.
func (a *answer) hurry(r *http.Request) *http.Request {
	body := &hurried{body: r.Body, answer: a, ended: r.ContentLength == 0, held: r.Header.Get("Expect") != ""}
	body.extend()
	hurried := new(http.Request)
	*hurried = *r
	hurried.Body = body
	return hurried
}

// hurried is a request's body.
type hurried struct {
	body   io.ReadCloser
	answer *answer
	ended  bool // all of it has come
	held   bool // nothing comes before it is asked for
}

func (h *hurried) Read(p []byte) (int, error) {
	h.extend()
	h.held = false
	n, err := h.body.Read(p)
	h.ended = h.ended || err == io.EOF
	return n, err
}

func (h *hurried) Close() error { return h.body.Close() }

// maxRest bounds what is taken of a body that nobody wants.
const maxRest = 256 << 20

// rest takes what the client still sends. A connection that is closed before the client has stopped is reset, and that may take away the answer, which is on its
// way. A client that has read the answer stops.
func (h *hurried) rest() {
	_, _ = io.CopyN(io.Discard, h, maxRest)
}

func (h *hurried) extend() {
	_ = http.NewResponseController(h.answer.ResponseWriter).SetReadDeadline(time.Now().Add(h.answer.patience))
}
