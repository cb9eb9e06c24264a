package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"tuco/control/api/wire"
	"tuco/control/console"
)

// console shows what a guest has written last, or attaches the client to it.
func (s *Server) console(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Consoles.Console(r.PathValue("name"))
	if err != nil {
		return err
	}
	switch protocol := r.Header.Get("Upgrade"); {
	case protocol == "":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, console.Printable(bytes.ReplaceAll(c.History(), []byte("\r\n"), []byte("\n"))))
		return nil
	case !strings.EqualFold(protocol, wire.ConsoleProtocol):
		return refuse(http.StatusBadRequest, "a console can be upgraded to %q, not to %q", wire.ConsoleProtocol, protocol)
	}
	select {
	case s.consoles <- struct{}{}:
		defer func() { <-s.consoles }()
	default:
		return refuse(http.StatusServiceUnavailable, "%d consoles are attached, and no more can be; detach one", maxConsoles)
	}
	return s.attach(w, c)
}

// attach joins a console and a connection, which is the server's no longer.
func (s *Server) attach(w http.ResponseWriter, c *console.Console) error {
	a, err := c.Attach(math.MaxInt)
	if err != nil {
		return err
	}
	defer a.Detach()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return refuse(http.StatusBadRequest, "the connection can't be upgraded: use HTTP/1.1")
	}
	defer conn.Close()
	w.(*answer).status = http.StatusSwitchingProtocols
	_ = conn.SetDeadline(time.Time{}) // one who looks on may be silent for long
	head := fmt.Sprintf("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", wire.ConsoleProtocol)
	if s.write(conn, []byte(head)) != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel() // who does not type any more has gone
		typing(ctx, a, buffered)
	}()
	for {
		p, _, err := a.Read(ctx)
		if err == nil {
			err = s.write(conn, p)
		}
		if err != nil {
			break
		}
	}
	cancel()
	_ = conn.Close()
	<-ended
	return nil
}

// write sends a guest's output to a client, who has to take it in time.
func (s *Server) write(conn net.Conn, p []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(s.Patience)); err != nil {
		return err
	}
	_, err := conn.Write(p)
	return err
}

// A guest that does not read its console has this much time to begin; then what was typed is lost, as on a serial line.
const (
	typingPieces = 256
	typingTries  = 100
	typingPause  = 50 * time.Millisecond
)

// typing types what comes, until nothing does any more.
func typing(ctx context.Context, a *console.Attachment, from io.Reader) {
	piece := make([]byte, typingPieces)
	for {
		n, err := from.Read(piece)
		for range typingTries {
			if n == 0 {
				break
			}
			_, full := a.Write(piece[:n])
			if full == nil {
				break
			}
			if !errors.Is(full, console.ErrFull) {
				return
			}
			select {
			case <-time.After(typingPause):
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}
