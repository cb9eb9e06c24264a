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

func TestRestart(t *testing.T) {
	now := time.Unix(1000, 0)
	bad := errors.New("it hangs")
	var fails error
	restarted := 0
	r := daemons.New(slog.New(slog.DiscardHandler), func() time.Time { return now },
		daemons.Daemon{Name: "block", Restart: func(ctx context.Context) error {
			_, limited := ctx.Deadline()
			assert.True(t, limited, "it can't take for ever")
			restarted++
			return fails
		}},
		daemons.Daemon{Name: "store", Restart: func(context.Context) error { return nil }},
	)
	began := now
	require.Equal(t, []daemons.Info{{Name: "block", Started: began}, {Name: "store", Started: began}}, r.List())

	now = now.Add(time.Minute)
	require.NoError(t, r.Restart("block"))
	assert.Equal(t, []daemons.Info{{Name: "block", Started: now, Restarts: 1}, {Name: "store", Started: began}}, r.List())

	fails = bad
	assert.ErrorIs(t, r.Restart("block"), bad)
	assert.Equal(t, daemons.Info{Name: "block", Started: now, Restarts: 1, Failed: "it hangs"}, r.List()[0])
	fails = nil
	require.NoError(t, r.Restart("block"))
	assert.Equal(t, daemons.Info{Name: "block", Started: now, Restarts: 2}, r.List()[0])
	assert.Equal(t, 3, restarted)

	err := r.Restart("blok")
	assert.ErrorIs(t, err, daemons.ErrUnknown)
	assert.ErrorContains(t, err, `"blok"; there are block, store`)
}
