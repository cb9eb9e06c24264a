package toolstack

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/xenbus/xenbustest"
)

func TestFollow(t *testing.T) {
	server := xenbustest.New()
	store := server.Connect(5)
	defer store.Close()
	const node = "/local/domain/5/control/shutdown"
	asked := make(chan string)
	actions := map[string]func() error{
		"poweroff": func() error { asked <- "poweroff"; return nil },
		"suspend":  func() error { asked <- "suspend"; return errors.New("it can't be") },
	}
	server.Write(node, "poweroff") // before anybody looked
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- follow(ctx, store, actions) }()
	require.Equal(t, "poweroff", <-asked)
	v, _ := server.Read(node)
	require.Empty(t, v, "the toolstack sees that it was taken")
	feature, _ := server.Read("/local/domain/5/control/feature-suspend")
	require.Equal(t, "1", feature)
	for range 3 { // a failure is no end
		server.Write(node, "suspend\n")
		require.Equal(t, "suspend", <-asked)
	}
	server.Write(node, "dance")
	require.Eventually(t, func() bool { v, _ := server.Read(node); return v == "" }, 10*time.Second, time.Millisecond)
	server.Remove(node)
	server.Write(node, "poweroff")
	require.Equal(t, "poweroff", <-asked)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// The library's own are those that there are.
func TestActions(t *testing.T) {
	for _, name := range []string{"poweroff", "halt", "reboot", "suspend"} {
		require.Contains(t, actions, name)
	}
	server := xenbustest.New()
	store := server.Connect(5)
	require.Error(t, Follow(t.Context(), store), "no guest: there is no memory to give back")
	require.NoError(t, store.Close())
}
