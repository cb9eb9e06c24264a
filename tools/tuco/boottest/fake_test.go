package boottest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tuco/tools/tuco/host"
)

// A fakeHost plays what a host would say, and reads what is typed there.
type fakeHost struct {
	ctx   context.Context
	out   io.Writer
	typed *bufio.Reader
}

func (h *fakeHost) say(lines ...string) {
	for _, line := range lines {
		fmt.Fprintf(h.out, "%s\r\n", line)
	}
}

// command is the next that is typed.
func (h *fakeHost) command() string {
	line, err := h.typed.ReadString('\r')
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(line, "\r")
}

// ended says that a guest has ended, and is destroyed.
func (h *fakeHost) ended(guest, reason string) {
	h.say(fmt.Sprintf("level=INFO msg=\"guest ended\" guest=%s reason=%s lived=1.5s", guest, reason))
	h.say("level=INFO msg=\"guest destroyed\" guest=" + guest)
}

// runs goes on until somebody ends the host.
func (h *fakeHost) runs() { <-h.ctx.Done() }

// fake boots a host that does as a script says, and then powers off, or whatever the script returns.
func fake(script func(h *fakeHost) *host.Outcome) Boot {
	return func(ctx context.Context, t *Test, dir string, input io.Reader, output io.Writer) (*host.Outcome, error) {
		if err := os.WriteFile(filepath.Join(dir, "hypervisor.log"), []byte("tuco 1\n"), 0o644); err != nil {
			return nil, err
		}
		o := script(&fakeHost{ctx, output, bufio.NewReader(input)})
		switch {
		case o != nil:
			return o, nil
		case context.Cause(ctx) == host.ErrQuit:
			return &host.Outcome{End: host.Quit, Log: "tuco 1\n"}, nil
		case ctx.Err() != nil:
			return &host.Outcome{End: host.Interrupted, Failed: true, Log: "tuco 1\n"}, nil
		}
		return &host.Outcome{End: host.PoweredOff, Log: "tuco 1\n"}, nil
	}
}
