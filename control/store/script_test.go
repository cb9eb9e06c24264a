package store

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// kinds are the requests by their published names.
var kinds = map[string]uint32{
	"CONTROL": hypercall.XS_CONTROL, "DIRECTORY": hypercall.XS_DIRECTORY, "READ": hypercall.XS_READ, "GET_PERMS": hypercall.XS_GET_PERMS,
	"WATCH": hypercall.XS_WATCH, "UNWATCH": hypercall.XS_UNWATCH, "TRANSACTION_START": hypercall.XS_TRANSACTION_START,
	"TRANSACTION_END": hypercall.XS_TRANSACTION_END, "INTRODUCE": hypercall.XS_INTRODUCE, "RELEASE": hypercall.XS_RELEASE,
	"GET_DOMAIN_PATH": hypercall.XS_GET_DOMAIN_PATH, "WRITE": hypercall.XS_WRITE, "MKDIR": hypercall.XS_MKDIR, "RM": hypercall.XS_RM,
	"SET_PERMS": hypercall.XS_SET_PERMS, "WATCH_EVENT": hypercall.XS_WATCH_EVENT, "ERROR": hypercall.XS_ERROR,
	"IS_DOMAIN_INTRODUCED": hypercall.XS_IS_DOMAIN_INTRODUCED, "RESUME": hypercall.XS_RESUME, "SET_TARGET": hypercall.XS_SET_TARGET,
	"RESET_WATCHES": hypercall.XS_RESET_WATCHES, "DIRECTORY_PART": hypercall.XS_DIRECTORY_PART,
}

// A world is a store and a connection for each domain that a script names.
type world struct {
	t       *testing.T
	store   *Store
	clients map[string]*Client
	host    *fakeHost
}

// fakeHost connects domains of frames that are not 0.
type fakeHost struct{ connected map[hypercall.DomID]bool }

func (h *fakeHost) Connect(domain hypercall.DomID, frame uint64, port uint32) error {
	if frame == 0 {
		return fmt.Errorf("no frame")
	}
	h.connected[domain] = true
	return nil
}

func (h *fakeHost) Disconnect(domain hypercall.DomID) { delete(h.connected, domain) }

func newWorld(t *testing.T) *world {
	host := &fakeHost{map[hypercall.DomID]bool{}}
	return &world{t, New(DefaultQuota, host, slog.New(slog.DiscardHandler)), map[string]*Client{}, host}
}

// client is a domain's connection: "5", or another one, "5b".
func (w *world) client(name string) *Client {
	c := w.clients[name]
	if c == nil {
		id, err := strconv.Atoi(strings.TrimRight(name, "abc"))
		require.NoError(w.t, err)
		c = w.store.Connect(hypercall.DomID(id), nil)
		w.clients[name] = c
	}
	return c
}

// home makes a domain's directory, as a toolstack does.
func (w *world) home(domains ...int) *world {
	for _, d := range domains {
		w.run(fmt.Sprintf(`
			0 WRITE /local/domain/%d| -> OK|
			0 SET_PERMS /local/domain/%d|n%d| -> OK|`, d, d, d))
	}
	return w
}

// ask sends a request: "WRITE a|1", with | for a zero.
func (w *world) ask(who, request string) string {
	who, number, _ := strings.Cut(who, "#")
	tx, _ := strconv.Atoi(number)
	kind, body, _ := strings.Cut(request, " ")
	value, known := kinds[kind]
	if !known {
		n, err := strconv.Atoi(kind)
		require.NoError(w.t, err, "request %q", request)
		value = uint32(n)
	}
	reply := w.client(who).Do(wire.Message{Type: value, Req: 77, Tx: uint32(tx), Body: []byte(strings.ReplaceAll(body, "|", "\x00"))})
	require.EqualValues(w.t, 77, reply.Req)
	require.EqualValues(w.t, tx, reply.Tx)
	text := strings.ReplaceAll(string(reply.Body), "\x00", "|")
	if reply.Type == hypercall.XS_ERROR {
		return strings.TrimSuffix(text, "|")
	}
	require.Equal(w.t, value, reply.Type)
	return text
}

// events takes a domain's events.
func (w *world) events(who string) string {
	var all []string
	for {
		m, ok := w.client(who).Next()
		if !ok {
			return strings.Join(all, " ")
		}
		require.EqualValues(w.t, hypercall.XS_WATCH_EVENT, m.Type)
		all = append(all, strings.TrimSuffix(strings.ReplaceAll(string(m.Body), "\x00", "|"), "|"))
	}
}

// run makes the requests of a script, a line each: who asks, in which transaction, what, and what the reply is. The reply to EVENTS is
// the events that there are.
//
//	5 WRITE a|1 -> OK|
//	5#1 READ a| -> 1
//	5 EVENTS -> a|token
func (w *world) run(script string) *world {
	w.t.Helper()
	for line := range strings.Lines(script) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " // ")
		if line == "" {
			continue
		}
		left, want, ok := strings.Cut(line, " ->")
		require.True(w.t, ok, "line %q", line)
		want = strings.TrimSpace(want)
		who, request, _ := strings.Cut(strings.TrimSpace(left), " ")
		if request == "EVENTS" {
			require.Equal(w.t, want, w.events(who), "%s", line)
		} else {
			require.Equal(w.t, want, w.ask(who, request), "%s", line)
		}
		require.Equal(w.t, "OK", w.store.Check(), "%s", line)
	}
	return w
}
