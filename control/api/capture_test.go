package api

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/domains"
	"tuco/control/network"
	"tuco/control/packet"
)

const capturePath = wire.PathDomains + "/web" + wire.Capture

// begun begins a capture of the guest's first interface, which ends with the context.
func (w *world) begun(ctx context.Context) (*pcapgo.Reader, io.Closer) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.http.URL+capturePath, nil)
	require.NoError(w.t, err)
	r.Header.Set("Authorization", wire.Bearer+token)
	a, err := w.http.Client().Do(r)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, a.StatusCode)
	assert.Equal(w.t, wire.CaptureType, a.Header.Get("Content-Type"))
	frames, err := pcapgo.NewReader(a.Body)
	require.NoError(w.t, err)
	return frames, a.Body
}

// Frames come as they pass. While one looks on nobody else can, and afterwards anybody.
func TestCapture(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Patience = 300 * time.Millisecond }) // an interface may be silent for longer
	w.begin("web")
	for range 2 {
		ctx, leave := context.WithCancel(t.Context())
		frames, body := w.begun(ctx)
		for k := range 3 {
			sent := make([]byte, 60+k)
			w.port.Receive([]packet.Frame{{Data: sent}})
			got, info, err := frames.ReadPacketData()
			require.NoError(t, err)
			assert.Equal(t, sent, got)
			assert.Equal(t, len(sent), info.Length)
			time.Sleep(400 * time.Millisecond)
		}
		assert.Contains(t, w.refused(http.StatusConflict, "GET", capturePath, "", nil), "captured already")
		leave()
		_ = body.Close()
		require.Eventually(t, func() bool {
			w.server.captures.mu.Lock()
			defer w.server.captures.mu.Unlock()
			return len(w.server.captures.ports) == 0
		}, time.Minute, time.Millisecond)
	}
}

// A capture ends with the interface.
func TestCaptureOfWhatGoes(t *testing.T) {
	var gone atomic.Bool
	var w *world
	w = newWorld(t, func(o *Options) {
		o.Interfaces = func(id domains.ID) []network.Interface {
			if gone.Load() {
				return nil
			}
			return w.interfaces(id)
		}
	})
	w.begin("web")
	frames, body := w.begun(t.Context())
	defer body.Close()
	gone.Store(true)
	_, _, err := frames.ReadPacketData()
	assert.ErrorIs(t, err, io.EOF)
}

func TestCaptureRefused(t *testing.T) {
	w := newWorld(t)
	w.begin("web")
	assert.Contains(t, w.refused(http.StatusNotFound, "GET", wire.PathDomains+"/wbe"+wire.Capture, "", nil), `no guest "wbe"`)
	assert.Contains(t, w.refused(http.StatusBadRequest, "GET", capturePath+"?interface=1", "", nil), "has 1 network interfaces, and none with the number 1")
	for _, number := range []string{"-1", "x", "99999999999999999999"} {
		assert.Contains(t, w.refused(http.StatusBadRequest, "GET", capturePath+"?interface="+number, "", nil), "can't be the number")
	}
	a, _ := w.ask("HEAD", capturePath, "", nil)
	assert.Equal(t, http.StatusOK, a.StatusCode)
}
