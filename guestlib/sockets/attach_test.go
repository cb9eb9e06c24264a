package sockets

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/frontend/model"
	"tuco/guestlib/netfront"
)

// wire is an end of a wire in memory.
type wire struct {
	mac    byte
	in     chan []byte
	out    *wire
	closed chan struct{}
	once   sync.Once
}

var errUnplugged = errors.New("unplugged")

// newWire is both ends.
func newWire() (a, b *wire) {
	const room = 64
	a = &wire{mac: 1, in: make(chan []byte, room), closed: make(chan struct{})}
	b = &wire{mac: 2, in: make(chan []byte, room), closed: make(chan struct{})}
	a.out, b.out = b, a
	return a, b
}

func (w *wire) Info() netfront.Info {
	return netfront.Info{MAC: [6]byte{0: 2, 5: w.mac}, MTU: 1500}
}

func (w *wire) Send(frames []netfront.Frame) (int, error) {
	for i, f := range frames {
		select {
		case w.out.in <- append([]byte(nil), f.Data...):
		case <-w.closed:
			return i, errUnplugged
		}
	}
	return len(frames), nil
}

func (w *wire) Receive(frames []netfront.Frame) (int, error) {
	select {
	case b := <-w.in:
		frames[0].Data = append(frames[0].Data[:0], b...)
		return 1, nil
	case <-w.closed:
		return 0, errUnplugged
	}
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

// attach gives a program an interface at an end of a wire.
func (p *program) attach(w *wire, addresses ...string) *Interface {
	p.Helper()
	var list []Address
	for _, text := range addresses {
		a, err := ParseAddress(text)
		require.NoError(p, err)
		list = append(list, a)
	}
	i, err := p.table.Attach(w, "eth0", list...)
	require.NoError(p, err)
	p.Cleanup(func() { i.Close() })
	return i
}

// Two machines talk over a wire.
func TestAttach(t *testing.T) {
	a, b := newWire()
	here, there := newProgram(t), newProgram(t)
	here.attach(a, "192.0.2.1/24,192.0.2.2", "2001:db8::1/64")
	there.attach(b, "192.0.2.2/24", "2001:db8::2/64", "198.51.100.1/32")
	address6 := netip.MustParseAddr("2001:db8::2").As16()
	for _, f := range []family{
		{"IPv4", syscall.AF_INET, name4(192, 0, 2, 2, 0)},
		{"IPv6", syscall.AF_INET6, structure(syscall.RawSockaddrInet6{Family: syscall.AF_INET6, Addr: address6})},
		{"by the gateway", syscall.AF_INET, name4(198, 51, 100, 1, 0)},
	} {
		t.Run(f.name, func(t *testing.T) {
			here, there := here, there
			here.T, there.T = t, t
			listener := there.socket(f.family, syscall.SOCK_STREAM)
			require.Zero(t, there.bind(listener, f.any))
			there.listen(listener)
			client := here.socket(f.family, syscall.SOCK_STREAM)
			require.Equal(t, syscall.EINPROGRESS, here.connect(client, there.local(listener)))
			server := there.accept(listener)
			here.wait(client, epollOut)
			long := strings.Repeat("0123456789abcdef", 1<<16)
			go here.write(client, long)
			require.Equal(t, long, there.read(server, len(long)))
			here.close(client)
			require.Equal(t, "", there.read(server, 1))
			there.close(server)
		})
	}
}

// The same over front ends, with a back end that is a wire between them.
func TestAttachFrontEnds(t *testing.T) {
	host := model.NewHost()
	var nics [2]atomic.Pointer[model.NIC]
	cross := func(other int) func(*model.NIC, []byte) {
		return func(_ *model.NIC, frame []byte) {
			if n := nics[other].Load(); n != nil {
				n.Deliver(0, frame)
			}
		}
	}
	nics[0].Store(model.NewNIC(host, "0", model.NICConfig{MAC: "00:16:3e:00:00:01", Frame: cross(1)}))
	nics[1].Store(model.NewNIC(host, "1", model.NICConfig{MAC: "00:16:3e:00:00:02", Frame: cross(0)}))
	for i := range nics {
		t.Cleanup(nics[i].Load().Stop)
	}
	here, there := newProgram(t), newProgram(t)
	for i, p := range []*program{here, there} {
		link, err := netfront.Open(t.Context(), host, strconv.Itoa(i))
		require.NoError(t, err)
		a, err := ParseAddress("192.0.2." + strconv.Itoa(i+1) + "/24")
		require.NoError(t, err)
		ifc, err := p.table.Attach(link, "eth0", a)
		require.NoError(t, err)
		t.Cleanup(func() { ifc.Close() })
	}
	server, client := there.socket(syscall.AF_INET, syscall.SOCK_STREAM), here.socket(syscall.AF_INET, syscall.SOCK_STREAM)
	require.Zero(t, there.bind(server, name4(192, 0, 2, 2, 80)))
	there.listen(server)
	require.Equal(t, syscall.EINPROGRESS, here.connect(client, name4(192, 0, 2, 2, 80)))
	connection := there.accept(server)
	long := strings.Repeat("0123456789abcdef", 1<<16)
	go here.write(client, long)
	require.Equal(t, long, there.read(connection, len(long)))
}

// A link that breaks takes its interface away: what went there goes nowhere.
func TestDetach(t *testing.T) {
	for _, test := range []struct {
		name  string
		end   func(*wire, *Interface) error
		cause error
	}{
		{"closed", func(_ *wire, i *Interface) error { return i.Close() }, nil},
		{"broken", func(w *wire, i *Interface) error { w.Close(); return i.Wait() }, errUnplugged},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newProgram(t)
			w, _ := newWire()
			i := p.attach(w, "192.0.2.1/24")
			fd := p.socket(syscall.AF_INET, syscall.SOCK_DGRAM)
			require.Zero(t, p.connect(fd, name4(192, 0, 2, 2, 9)))
			require.ErrorIs(t, test.end(w, i), test.cause)
			require.ErrorIs(t, i.Wait(), test.cause)
			<-w.closed
			require.Equal(t, syscall.ENETUNREACH, p.connect(p.socket(syscall.AF_INET, syscall.SOCK_DGRAM), name4(192, 0, 2, 2, 9)))
			require.Len(t, p.table.network().NICInfo(), 1, "the loopback")
		})
	}
}

func TestParseAddress(t *testing.T) {
	for _, test := range []struct{ text, err string }{
		{"192.0.2.7/24,192.0.2.1", ""},
		{"192.0.2.7/24", ""},
		{"2001:db8::7/64,2001:db8::1", ""},
		{"", `address "": `},
		{"192.0.2.7", "it is written like 192.0.2.7/24,192.0.2.1"},
		{"192.0.2.7/33", "address"},
		{"192.0.2.7/24,here", `gateway in "192.0.2.7/24,here"`},
		{"192.0.2.7/24,198.51.100.1", "gateway 198.51.100.1 is not in the network of 192.0.2.7/24"},
	} {
		a, err := ParseAddress(test.text)
		if test.err != "" {
			require.ErrorContains(t, err, test.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, test.text, a.String())
	}
}
