package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"

	"tuco/control/api"
	"tuco/control/api/wire"
	"tuco/control/daemons"
	"tuco/control/gateway"
)

// version is what the host calls itself, as the hypervisor does.
const version = "0.1.0"

// tokenSum is the file of the ramdisk with the SHA-256 of the management API's token. The token itself does not come here.
const tokenSum = "api/token.sha256"

// manage serves the management API at the port that the command line names, api=PORT, until stop is called. Where the host has no network, or no token was made for it, it
// says so and the host goes on without.
func manage(o api.Options, gate *gateway.Gateway, words []string, root fs.FS) (stop func(), err error) {
	none := func() {}
	port, err := apiPort(words)
	if err != nil || port == 0 {
		return none, err
	}
	text, err := fs.ReadFile(root, tokenSum)
	if err != nil {
		return none, fmt.Errorf("api=%d: the management API needs the sum of its token: %w", port, err)
	}
	if n, err := hex.Decode(o.Token[:], []byte(strings.TrimSpace(string(text)))); err != nil || n != len(o.Token) {
		return none, fmt.Errorf("the ramdisk's %s has to have %d hexadecimal digits", tokenSum, 2*len(o.Token))
	}
	address, ok := gate.Address()
	if !ok {
		o.Log.Warn("there is no management API: the host has no network")
		return none, nil
	}
	o.Address = address.String()
	l, err := gonet.ListenTCP(gate.Stack(), tcpip.FullAddress{Addr: tcpip.AddrFromSlice(address.AsSlice()), Port: port}, ipv4.ProtocolNumber)
	if err != nil {
		return none, fmt.Errorf("api=%d: %w", port, err)
	}
	return serveAPI(api.New(o), l, o.Log), nil
}

// serveAPI serves until it is stopped.
func serveAPI(s *api.Server, l net.Listener, log *slog.Logger) (stop func()) {
	var served sync.WaitGroup
	served.Go(func() {
		if err := s.Serve(l); err != nil {
			log.Error("the management API has ended", "error", err)
		}
	})
	log.Info("management API", "address", l.Addr().String())
	return func() {
		if err := s.Close(); err != nil {
			log.Error("ending the management API", "error", err)
		}
		served.Wait()
	}
}

func apiPort(words []string) (port uint16, err error) {
	for _, word := range words {
		if text, is := strings.CutPrefix(word, "api="); is {
			n, err := strconv.ParseUint(text, 10, 16)
			if err != nil || n == 0 {
				return 0, fmt.Errorf("%q: write api=PORT", word)
			}
			port = uint16(n)
		}
	}
	return port, nil
}

// restartable is the daemons as the API has them.
type restartable struct{ *daemons.Room }

// List is api.Daemons'.
func (r restartable) List() (list []wire.Daemon) {
	for _, d := range r.Room.List() {
		list = append(list, wire.Daemon{Name: d.Name, State: "running", Started: d.Started, Restarts: d.Restarts, Clients: d.Clients, Why: d.Failed})
		if d.Failed != "" {
			list[len(list)-1].State = "stopped"
		}
	}
	return list
}

// Restart is api.Daemons'.
func (r restartable) Restart(name string) error {
	err := r.Room.Restart(name)
	if errors.Is(err, daemons.ErrUnknown) {
		err = fmt.Errorf("%w: %w", api.ErrNoDaemon, err)
	}
	return err
}
