package daemons_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/daemons"
)

// restarts is a service that is restarted so, and has 3 clients.
type restarts func(context.Context) error

func (r restarts) Restart(ctx context.Context) error { return r(ctx) }
func (r restarts) Clients() int                      { return 3 }

func TestRestart(t *testing.T) {
	now := time.Unix(1000, 0)
	bad := errors.New("it hangs")
	var fails error
	restarted := 0
	r := daemons.New(slog.New(slog.DiscardHandler), func() time.Time { return now },
		daemons.Daemon{Name: "block", Service: restarts(func(ctx context.Context) error {
			_, limited := ctx.Deadline()
			assert.True(t, limited, "it can't take for ever")
			restarted++
			return fails
		})},
		daemons.Daemon{Name: "store", Service: restarts(func(context.Context) error { return nil })},
	)
	began := now
	require.Equal(t, []daemons.Info{{Name: "block", Started: began, Clients: 3}, {Name: "store", Started: began, Clients: 3}}, r.List())

	now = now.Add(time.Minute)
	require.NoError(t, r.Restart("block"))
	assert.Equal(t, []daemons.Info{{Name: "block", Started: now, Restarts: 1, Clients: 3}, {Name: "store", Started: began, Clients: 3}}, r.List())

	fails = bad
	assert.ErrorIs(t, r.Restart("block"), bad)
	assert.Equal(t, daemons.Info{Name: "block", Started: now, Restarts: 1, Clients: 3, Failed: "it hangs"}, r.List()[0])
	fails = nil
	require.NoError(t, r.Restart("block"))
	assert.Equal(t, daemons.Info{Name: "block", Started: now, Restarts: 2, Clients: 3}, r.List()[0])
	assert.Equal(t, 3, restarted)

	err := r.Restart("blok")
	assert.ErrorIs(t, err, daemons.ErrUnknown)
	assert.ErrorContains(t, err, `"blok"; there are block, store`)
}
