package client

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"tuco/control/api/wire"
	"tuco/hypercall"
)

// Trace is what the hypervisor of a host records.
type Trace struct {
	wire.TraceHead
	body io.Closer
	from *bufio.Reader
}

// Trace has the hypervisor record classes of events, names with commas between them, and follows it until the context ends: of all domains, or of the one with
// a guest's name or a number.
func (c *Client) Trace(ctx context.Context, classes, domain string) (*Trace, error) {
	query := url.Values{wire.QueryClass: {classes}}
	if domain != "" {
		query.Set(wire.QueryDomain, domain)
	}
	answer, err := c.request(ctx, http.MethodGet, wire.PathTrace+"?"+query.Encode(), nil, nil)
	if err != nil {
		return nil, err
	}
	t := &Trace{body: answer.Body, from: bufio.NewReaderSize(answer.Body, 64<<10)}
	if t.TraceHead, err = wire.ReadTraceHead(t.from); err != nil {
		answer.Body.Close()
		return nil, fmt.Errorf("%s answers what can't be read: %w: is it a host of this version?", c.address, err)
	}
	return t, nil
}

// Next waits for the next record. The host has ended, or the context: an error.
func (t *Trace) Next() (hypercall.ControlTraceRecord, error) { return wire.ReadTrace(t.from) }

// Waiting tells whether the next record is there already.
func (t *Trace) Waiting() bool { return t.from.Buffered() >= wire.TraceRecordSize }

// Close leaves.
func (t *Trace) Close() error { return t.body.Close() }
