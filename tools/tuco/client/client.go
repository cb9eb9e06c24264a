// Package client speaks to a running host: each call is a request of the management API (control/api/wire).
//
// A call fails with an [Error] where the host has answered and refused, which errors.As finds and [IsNotFound] looks into; with ErrUnreachable where there was no
// answer; else with what went wrong here. Nothing is tried twice.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tuco/control/api/wire"
)

// ErrUnreachable is that nothing at a host's address speaks this API.
var ErrUnreachable = errors.New("the host does not answer")

// Error is a host's refusal.
type Error struct {
	Status int    // of HTTP
	Text   string // what is wrong and what to do, in the host's words
}

func (e *Error) Error() string { return e.Text }

// IsNotFound says whether a host refused because it has nothing of that name.
func IsNotFound(err error) bool { return status(err) == http.StatusNotFound }

// IsUnauthorized says whether a host refused the token.
func IsUnauthorized(err error) bool { return status(err) == http.StatusUnauthorized }

func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// Client is for one host. Its calls may be made at the same time.
type Client struct {
	address, token string
	http           http.Client
}

// connectTime is how long a connection may take to be made: the host is near.
const connectTime = 10 * time.Second

// patient is the length from which on a body is sent only after the host has seen the request's head, which it may refuse.
const patient = 64 << 10

// New makes a client of the host at an address, HOST:PORT. No proxy of the environment's is asked: a token is not for others.
func New(address, token string) *Client {
	dialer := net.Dialer{Timeout: connectTime}
	return &Client{address: address, token: token, http: http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // there is nothing that has moved
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableCompression: true,
			MaxIdleConns: 1, IdleConnTimeout: time.Minute,
			ExpectContinueTimeout: connectTime,
		},
	}}
}

// Address is the host's.
func (c *Client) Address() string { return c.address }

// Close ends connections that wait for a further call.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// body is what a request carries.
type body struct {
	from   io.Reader
	length int64
	kind   string // Content-Type
}

// request makes a request, and gives the answer if it is no refusal; the caller closes its body.
func (c *Client) request(ctx context.Context, method, path string, b *body, header http.Header) (*http.Response, error) {
	var from io.Reader
	if b != nil {
		from = b.from
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, from)
	if err != nil {
		return nil, err
	}
	for key, values := range header {
		r.Header[key] = values
	}
	r.Header.Set("Authorization", wire.Bearer+c.token)
	if b != nil {
		r.ContentLength = b.length
		r.Header.Set("Content-Type", b.kind)
		if b.length > patient {
			r.Header.Set("Expect", "100-continue")
		}
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		defer answer.Body.Close()
		return nil, refusal(answer)
	}
	return answer, nil
}

// unreachable says why there was no answer, without the URL, which says nothing to a user.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.address, err)
}

// maxError bounds what is read of a refusal.
const maxError = 64 << 10

func refusal(answer *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxError))
	var said wire.Error
	if json.Unmarshal(text, &said) != nil || said.Error == "" { // whoever it is, it is no host of this version
		said.Error = strings.TrimSpace(answer.Status + " " + string(bytes.TrimSpace(text)))
	}
	return &Error{answer.StatusCode, said.Error}
}

// get asks for something in JSON.
func get[T any](ctx context.Context, c *Client, path string) (what T, err error) {
	return send[T](ctx, c, http.MethodGet, path, nil)
}

// send makes a request that is answered in JSON.
func send[T any](ctx context.Context, c *Client, method, path string, b *body) (what T, err error) {
	answer, err := c.request(ctx, method, path, b, nil)
	if err != nil {
		return what, err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&what); err != nil {
		return what, fmt.Errorf("%s answers what can't be read: %w: is it a host of this version?", c.address, err)
	}
	return what, nil
}

// do makes a request whose answer says no more than that it is done.
func (c *Client) do(ctx context.Context, method, path string) error {
	answer, err := c.request(ctx, method, path, nil, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxError)) // so that the connection can be used again
	return err
}

func asJSON(what any) *body {
	text, err := json.Marshal(what)
	if err != nil {
		panic(err) // not of the types of package wire
	}
	return &body{bytes.NewReader(text), int64(len(text)), "application/json"}
}

// named is the path of a guest, volume or daemon.
func named(path, name string) string { return path + "/" + url.PathEscape(name) }
