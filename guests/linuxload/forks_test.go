package main

import (
	"os"
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

func TestForkFindsAFailure(t *testing.T) {
	memory := make([]byte, 4096)
	c, err := newChild("/nonexistent", memory)
	require.NoError(t, err)
	require.ErrorContains(t, c.forkSome(3), "ended with status 0x200, want 42")
	require.True(t, c.change())
	require.False(t, c.change(), "a changed page is noticed")
}
