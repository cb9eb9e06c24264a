package netfront

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// line is an interface's connection.
type line struct {
	connection *frontend.Connection
	info       Info
	tx         sender
	rx         receiver
}

// connect connects an interface.
func connect(ctx context.Context, domain frontend.Domain, path string) (*line, error) {
	l := &line{}
	l.tx.room.L, l.rx.ready.L = &l.tx.mu, &l.rx.mu
	if _, err := frontend.Connect(ctx, domain, path, l); err != nil {
		return nil, err
	}
	return l, nil
}

// Propose implements frontend.Driver: the rings are made, and there are pages to receive in.
func (l *line) Propose(c *frontend.Connection) (nodes map[string]string, state hypercall.XenbusState, err error) {
	l.connection = c
	if copies, err := c.Flag("feature-rx-copy"); err != nil || !copies {
		return nil, 0, cmp.Or(err, fmt.Errorf("%s: the back end can't copy what it has received (feature-rx-copy)", c.Path))
	}
	if l.info, err = info(c); err != nil {
		return nil, 0, err
	}
	tx, err := l.tx.prepare(c)
	if err != nil {
		return nil, 0, err
	}
	rx, err := l.rx.prepare(c)
	if err != nil {
		return nil, 0, err
	}
	return map[string]string{
		"tx-ring-ref": fmt.Sprint(tx), "rx-ring-ref": fmt.Sprint(rx),
		"request-rx-copy": "1", "feature-rx-notify": "1", "feature-sg": "0",
		"feature-gso-tcpv4": "0", "feature-gso-tcpv6": "0", "feature-no-csum-offload": "0", "feature-ipv6-csum-offload": "1",
	}, hypercall.XenbusStateConnected, nil
}

// info is what the domain's builder says of the interface.
func info(c *frontend.Connection) (Info, error) {
	const usual = 1500
	text, err := c.Text("mac")
	if err != nil {
		return Info{}, fmt.Errorf("%s: an interface without an address: %w", c.Path, err)
	}
	i := Info{MTU: usual}
	address, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(address) != len(i.MAC) {
		return Info{}, fmt.Errorf("%s/mac says %.40q, which is no address", c.Path, text)
	}
	copy(i.MAC[:], address)
	switch text, err := c.Text("mtu"); {
	case err == nil:
		mtu, err := strconv.ParseUint(text, 10, 16)
		if err != nil || mtu < 68 { // what IPv4 needs
			return Info{}, fmt.Errorf("%s/mtu says %.40q, which is no number from 68 to 65535", c.Path, text)
		}
		i.MTU = min(int(mtu), MaxFrame-MinFrame-vlanTag)
	case !errors.Is(err, fs.ErrNotExist):
		return Info{}, err
	}
	return i, nil
}

// Accept implements frontend.Driver: there is nothing more to learn.
func (l *line) Accept(*frontend.Connection) error { return nil }

// Event implements frontend.Driver: frames were sent, or are there.
func (l *line) Event() (reason bool, err error) {
	sent, err := l.tx.event()
	if err != nil {
		return true, err
	}
	received, err := l.rx.event()
	return sent || received, err
}

// Lost implements frontend.Driver.
func (l *line) Lost(reason error) {
	l.tx.lost(reason)
	l.rx.lost(reason)
}
