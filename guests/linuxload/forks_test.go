package main

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// This test binary is also the program that the forked processes become.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childWord {
		os.Exit(childStatus)
	}
	os.Exit(m.Run())
}

func TestFork(t *testing.T) { require.NoError(t, fork(25)) }

// The scheduler asks for the forking goroutine's place all the time, as it does now and then where forks are slow.
func TestForkWhileOthersWantToRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var enough atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !enough.Load() {
			runtime.GC() // stops everybody
		}
	}()
	err := fork(200)
	enough.Store(true)
	<-done
	require.NoError(t, err)
}

func TestForkFindsAFailure(t *testing.T) {
	memory := make([]byte, 4096)
	c, err := newChild("/nonexistent", memory)
	require.NoError(t, err)
	require.ErrorContains(t, c.forkSome(3), "ended with status 0x200, want 42")
	require.True(t, c.change())
	require.False(t, c.change(), "a changed page is noticed")
}
