package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"

	"tuco/control/api/wire"
)

// Host tells of the host.
func (c *Client) Host(ctx context.Context) (wire.Host, error) {
	return get[wire.Host](ctx, c, wire.PathHost)
}

// PowerOff has all guests end, and then the host.
func (c *Client) PowerOff(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, wire.PathHost+wire.PowerOff)
}

// Metrics are all figures of the host, in Prometheus's text format.
func (c *Client) Metrics(ctx context.Context) ([]byte, error) {
	answer, err := c.request(ctx, http.MethodGet, wire.PathMetrics, nil, nil)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// Domains lists the guests.
func (c *Client) Domains(ctx context.Context) ([]wire.Domain, error) {
	return get[[]wire.Domain](ctx, c, wire.PathDomains)
}

// Domain tells of a guest.
func (c *Client) Domain(ctx context.Context, name string) (wire.Domain, error) {
	return get[wire.Domain](ctx, c, named(wire.PathDomains, name))
}

// Destroy ends a guest at once.
func (c *Client) Destroy(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodDelete, named(wire.PathDomains, name))
}

// SetSchedule changes a guest's share of the CPUs, and tells of it.
func (c *Client) SetSchedule(ctx context.Context, name string, to wire.Schedule) (wire.Domain, error) {
	return send[wire.Domain](ctx, c, http.MethodPut, named(wire.PathDomains, name)+wire.Scheduling, asJSON(to))
}

// Pause stops a guest's vCPUs where they are.
func (c *Client) Pause(ctx context.Context, name string) error {
	return c.tell(ctx, name, wire.Pause)
}

// Unpause lets them go on.
func (c *Client) Unpause(ctx context.Context, name string) error {
	return c.tell(ctx, name, wire.Unpause)
}

// Shutdown asks a guest to power off, which is its own affair.
func (c *Client) Shutdown(ctx context.Context, name string) error {
	return c.tell(ctx, name, wire.Shutdown)
}

// Reboot asks a guest to start again.
func (c *Client) Reboot(ctx context.Context, name string) error {
	return c.tell(ctx, name, wire.Reboot)
}

func (c *Client) tell(ctx context.Context, name, what string) error {
	return c.do(ctx, http.MethodPost, named(wire.PathDomains, name)+what)
}

// Reports are what was kept of a guest's crashes.
func (c *Client) Reports(ctx context.Context, name string) ([]wire.Report, error) {
	return get[[]wire.Report](ctx, c, named(wire.PathDomains, name)+wire.Reports)
}

// History is the last of what a guest has written on its console.
func (c *Client) History(ctx context.Context, name string) ([]byte, error) {
	answer, err := c.request(ctx, http.MethodGet, named(wire.PathDomains, name)+wire.Console, nil, nil)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// Capture writes the frames of a guest's network interface, by its number, as a file of pcap: until the context ends, which is no error, or the guest does.
func (c *Client) Capture(ctx context.Context, name string, number int, to io.Writer) error {
	path := named(wire.PathDomains, name) + wire.Capture + "?" + url.Values{wire.QueryInterface: {strconv.Itoa(number)}}.Encode()
	answer, err := c.request(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err = io.Copy(to, answer.Body); ctx.Err() != nil {
		return nil
	}
	return err
}

// Console is a guest's console: what it has written last, and from then on all that it writes, until the guest is gone; what is
// written is typed on it. It ends with Close or the context.
func (c *Client) Console(ctx context.Context, name string) (io.ReadWriteCloser, error) {
	header := http.Header{"Connection": {"Upgrade"}, "Upgrade": {wire.ConsoleProtocol}}
	answer, err := c.request(ctx, http.MethodGet, named(wire.PathDomains, name)+wire.Console, nil, header)
	if err != nil {
		return nil, err
	}
	both, is := answer.Body.(io.ReadWriteCloser)
	if answer.StatusCode != http.StatusSwitchingProtocols || !is {
		answer.Body.Close()
		return nil, fmt.Errorf("%s gives no console but %q: is it a host of this version?", c.address, answer.Status)
	}
	return both, nil
}

// File is a file that is sent.
type File struct {
	Name    string
	Content io.Reader
	Size    int64
}

// Guest is what Create makes a guest of.
type Guest struct {
	Config  []byte // a guest.cfg
	Kernel  File
	Ramdisk *File // nil: it has none
}

// Progress is told how much of a transfer is done; total is -1 where that is not known. It may be nil.
type Progress func(done, total int64)

// Create makes a guest.
func (c *Client) Create(ctx context.Context, g Guest, progress Progress) (wire.Domain, error) {
	form, err := formOf(g)
	if err != nil {
		return wire.Domain{}, err
	}
	form.from = &counted{from: form.from, total: form.length, tell: progress}
	return send[wire.Domain](ctx, c, http.MethodPost, wire.PathDomains, form)
}

// formOf is the form that makes a guest. Its length is known before it is sent, and files are read as they go.
func formOf(g Guest) (*body, error) {
	var text bytes.Buffer
	w := multipart.NewWriter(&text)
	var parts []io.Reader
	length := int64(0)
	flush := func() {
		length += int64(text.Len())
		parts = append(parts, bytes.NewReader(bytes.Clone(text.Bytes())))
		text.Reset()
	}
	config, err := w.CreateFormField(wire.PartConfig)
	if err != nil {
		return nil, err
	}
	config.Write(g.Config) // to memory
	add := func(part string, f *File) error {
		if _, err := w.CreateFormFile(part, filepath.Base(f.Name)); err != nil {
			return err
		}
		flush()
		parts = append(parts, io.LimitReader(f.Content, f.Size))
		length += f.Size
		return nil
	}
	if err := add(wire.PartKernel, &g.Kernel); err != nil {
		return nil, err
	}
	if g.Ramdisk != nil {
		if err := add(wire.PartRamdisk, g.Ramdisk); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	flush()
	return &body{io.MultiReader(parts...), length, w.FormDataContentType()}, nil
}

// counted tells how much of a reader has been read.
type counted struct {
	from        io.Reader
	done, total int64
	tell        Progress
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.done += int64(n)
	if c.tell != nil && n > 0 {
		c.tell(c.done, c.total)
	}
	return n, err
}
