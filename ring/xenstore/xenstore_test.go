package xenstore_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tuco/hypercall/cabi"
	"tuco/ring"
	"tuco/ring/xenstore"
)

func TestLayout(t *testing.T) {
	headers := []string{"io/xs_wire.h"}
	cabi.Struct(t, headers, xenstore.Page{}, "struct xenstore_domain_interface",
		"req", "rsp", "req_cons", "req_prod", "rsp_cons", "rsp_prod", "server_features", "connection", "error")
	cabi.Constants(t, headers, map[string]uint64{
		"XENSTORE_RING_SIZE": xenstore.RingSize, "XENSTORE_SERVER_FEATURE_RECONNECTION": xenstore.FeatureReconnect,
		"XENSTORE_SERVER_FEATURE_ERROR": xenstore.FeatureError, "XENSTORE_CONNECTED": xenstore.Connected, "XENSTORE_RECONNECT": xenstore.Reconnect,
		"XENSTORE_ERROR_NONE": xenstore.ErrorNone, "XENSTORE_ERROR_COMM": xenstore.ErrorComm,
		"XENSTORE_ERROR_RINGIDX": xenstore.ErrorIndex, "XENSTORE_ERROR_PROTO": xenstore.ErrorProtocol,
	})
}

func TestBothWays(t *testing.T) {
	var page xenstore.Page
	ask, hear := page.Domain()
	in, out := page.Daemon()
	buffer := make([]byte, 2000)
	for i := range 50 {
		n, err := ask.Put(make([]byte, 700+i))
		require.NoError(t, err)
		require.Equal(t, 700+i, n)
		n, err = in.Take(buffer)
		require.NoError(t, err)
		require.Equal(t, 700+i, n)
		n, err = out.Put(buffer)
		require.NoError(t, err)
		require.Equal(t, xenstore.RingSize, n)
		n, err = hear.Take(buffer)
		require.NoError(t, err)
		require.Equal(t, xenstore.RingSize, n)
	}
}

// FuzzHostile: whatever the indices are, either side gets no more than a ring has, or ErrIndex.
func FuzzHostile(f *testing.F) {
	f.Add(make([]byte, 32))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		var page xenstore.Page
		indices := unsafe.Slice((*byte)(unsafe.Pointer(&page.ReqCons)), 16)
		ask, hear := page.Domain()
		in, out := page.Daemon()
		buffer := make([]byte, 5000)
		for {
			moved := copy(indices, data)
			for _, call := range []func([]byte) (int, error){in.Take, out.Put, ask.Put, hear.Take} {
				n, err := call(buffer)
				require.LessOrEqual(t, n, xenstore.RingSize)
				if err != nil {
					require.ErrorIs(t, err, ring.ErrIndex)
				}
			}
			if data = data[moved:]; len(data) == 0 {
				return
			}
		}
	})
}
