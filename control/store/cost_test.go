package store

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// hostOf is a store with the nodes of so many domains, as a toolstack and two devices of each leave them.
func hostOf(domains int) *Store {
	s := New(DefaultQuota, nil, slog.New(slog.DiscardHandler))
	zero := s.Connect(0, nil)
	write := func(path, value string) {
		zero.Do(wire.Message{Type: hypercall.XS_WRITE, Body: append(wire.Join(path), value...)})
	}
	for d := 1; d <= domains; d++ {
		home := Home(hypercall.DomID(d))
		write(home, "")
		zero.Do(wire.Message{Type: hypercall.XS_SET_PERMS, Body: wire.Join(home, fmt.Sprintf("n%d", d))})
		for _, node := range []string{"name", "domid", "memory/target", "memory/static-max", "cpu/0/availability", "control/shutdown", "console/ring-ref", "console/port"} {
			write(home+"/"+node, "1")
		}
		for _, device := range []string{"vif/0", "vbd/51712"} {
			for _, node := range []string{"state", "backend", "backend-id", "handle", "ring-ref", "event-channel"} {
				write(home+"/device/"+device+"/"+node, "1")
				write(fmt.Sprintf("/local/domain/0/backend/%s/%d/%s", device, d, node), "1")
			}
		}
		c := s.Connect(hypercall.DomID(d), nil)
		c.Do(wire.Message{Type: hypercall.XS_WATCH, Body: wire.Join("device", "t")})
		c.Next()
	}
	return s
}

// reads and transactions of domain 7: what a front end does.
func reads(c *Client, n int) {
	body := wire.Join("device/vif/0/state")
	for range n {
		if m := c.Do(wire.Message{Type: hypercall.XS_READ, Body: body}); string(m.Body) != "1" {
			panic(string(m.Body))
		}
	}
}

func transactions(c *Client, n int) {
	for range n {
		c.Do(wire.Message{Type: hypercall.XS_TRANSACTION_START, Body: wire.Join("")})
		for _, node := range []string{"ring-ref", "event-channel", "state"} {
			c.Do(wire.Message{Type: hypercall.XS_WRITE, Tx: c.last, Body: append(wire.Join("device/vif/0/"+node), '1')})
		}
		if m := c.Do(wire.Message{Type: hypercall.XS_TRANSACTION_END, Tx: c.last, Body: wire.Join("T")}); string(m.Body) != "OK\x00" {
			panic(string(m.Body))
		}
	}
}

// cost is the memory that something takes, in bytes: what does not depend on the machine.
func cost(c *Client, do func(c *Client, n int), n int) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do(c, n)
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// Reads and transactions cost with a thousand domains hardly more than with ten.
func TestCostDoesNotGrow(t *testing.T) {
	few, many := hostOf(10).Connect(7, nil), hostOf(1000).Connect(7, nil)
	require.Less(t, cost(many, reads, 10000), 1.5*cost(few, reads, 10000))
	require.Less(t, cost(many, transactions, 1000), 1.5*cost(few, transactions, 1000))
}

func BenchmarkStore(b *testing.B) {
	for _, domains := range []int{10, 1000} {
		c := hostOf(domains).Connect(7, nil)
		b.Run(fmt.Sprintf("read/%d domains", domains), func(b *testing.B) { b.ReportAllocs(); reads(c, b.N) })
		b.Run(fmt.Sprintf("transaction/%d domains", domains), func(b *testing.B) { b.ReportAllocs(); transactions(c, b.N) })
	}
}
