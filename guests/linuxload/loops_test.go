package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoops(t *testing.T) {
	var out strings.Builder
	for _, l := range loops {
		require.NoError(t, l.measure(&out, 20))
	}
	assert.Regexp(t, `^linuxload: getppid: begins
linuxload: getppid: passed: 20 in [1-9]\d* ticks
linuxload: faults: begins
linuxload: faults: passed: 20 in [1-9]\d* ticks
linuxload: forkexits: begins
linuxload: forkexits: passed: 20 in [1-9]\d* ticks
$`, out.String())
}

func TestLoopThatFails(t *testing.T) {
	var out strings.Builder
	require.ErrorContains(t, (&loop{"faults", faults}).measure(&out, -1), "faults: map: ")
	assert.Equal(t, "linuxload: faults: begins\n", out.String())
}
