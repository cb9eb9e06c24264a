package api

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/trace/tracetest"
	"tuco/hypercall"
)

// follow reads a trace until the test ends.
func (w *world) follow(query string) io.Reader {
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.http.URL+wire.PathTrace+query, nil)
	require.NoError(w.t, err)
	r.Header.Set("Authorization", wire.Bearer+token)
	a, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { a.Body.Close() })
	require.Equal(w.t, http.StatusOK, a.StatusCode)
	assert.Equal(w.t, wire.TraceType, a.Header.Get("Content-Type"))
	head, err := wire.ReadTraceHead(a.Body)
	require.NoError(w.t, err)
	assert.Equal(w.t, wire.TraceHead{TicksPerMillisecond: tracetest.TicksPerMillisecond, CPUs: 2}, head)
	return a.Body
}

// A client gets what it has asked for, as it comes, for as long as it looks on.
func TestTrace(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Patience = 50 * time.Millisecond })
	w.begin("web")
	record := func(at uint64, e hypercall.ControlTraceEvent, domain uint32) {
		w.recorder.Record(hypercall.ControlTraceRecord{TSC: at, Event: e, CPU: uint16(at % 2), VCPU: domain << 16, A: at, B: ^at})
	}
	all, web := w.follow("?class=exit,timer"), w.follow("?domain=web")
	time.Sleep(2 * w.server.Patience) // a client that says nothing is no reason to end
	classes, _ := w.recorder.TraceClasses()
	assert.EqualValues(t, tracetest.Usual|1<<hypercall.CONTROLTRACE_EXIT|1<<hypercall.CONTROLTRACE_TIMER, classes)
	record(1, hypercall.CONTROLTRACE_hypercall, 1)
	record(2, hypercall.CONTROLTRACE_timer_run, 0)
	record(3, hypercall.CONTROLTRACE_flush_ask, 1)
	record(4, hypercall.CONTROLTRACE_served, 1)
	record(5, hypercall.CONTROLTRACE_exit, 0)
	for _, want := range []uint64{1, 2, 4, 5} {
		e, err := wire.ReadTrace(all)
		require.NoError(t, err)
		assert.Equal(t, [3]uint64{want, want, ^want}, [3]uint64{e.TSC, e.A, e.B})
	}
	for _, want := range []uint64{1, 4} {
		e, err := wire.ReadTrace(web)
		require.NoError(t, err)
		assert.Equal(t, want, e.TSC)
	}
}

// When the client has left nothing is recorded for it any more.
func TestTraceLeft(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.http.URL+wire.PathTrace, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", wire.Bearer+token)
	a, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer a.Body.Close()
	classes, _ := w.recorder.TraceClasses()
	assert.NotEqualValues(t, tracetest.Usual, classes)
	cancel()
	assert.Eventually(t, func() bool { c, _ := w.recorder.TraceClasses(); return c == tracetest.Usual }, time.Minute, time.Millisecond)
}

func TestTraceRefused(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string]int{
		"?class=exits": http.StatusBadRequest, "?class=exit,": http.StatusBadRequest, "?domain=nobody": http.StatusNotFound, "?domain=-1": http.StatusNotFound,
		"?domain=65536": http.StatusNotFound,
	} {
		a, text := w.ask("GET", wire.PathTrace+query, "", nil)
		assert.Equal(t, want, a.StatusCode, "%s: %s", query, text)
	}
	for range 4 {
		w.follow("?domain=7")
	}
	a, _ := w.ask("GET", wire.PathTrace, "", nil)
	assert.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
	a, _ = w.ask("HEAD", wire.PathTrace, "", nil)
	assert.Equal(t, http.StatusOK, a.StatusCode, "which takes nobody's place")
}
