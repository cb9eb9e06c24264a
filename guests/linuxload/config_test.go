package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]config{
		"":                                       {end: endShell},
		"console=hvc0 tuco":                      {end: endShell},
		"quiet tuco.end=poweroff\n":              {200, 1 << 30, endPowerOff},
		"tuco.forks=7 tuco.map=0 tuco.end=panic": {7, 0, endPanic},
		"tuco.map=3k tuco.forks=0 x tuco.end=reboot":    {0, 3 << 10, endReboot},
		"tuco.map=512M tuco.end=shell panic=1 tuco.x=1": {},
		"tuco.map=16":           {200, 16, endShell},
		"tuco.end=":             {},
		"tuco.end=halt":         {},
		"tuco.forks=-1":         {},
		"tuco.forks=many":       {},
		"tuco.map=G":            {},
		"tuco.map=":             {},
		"tuco.map=99999999999G": {},
	} {
		got, err := parse(line)
		assert.Equal(t, want, got, line)
		if want == (config{}) {
			require.ErrorContains(t, err, "command line: tuco.", line)
		} else {
			require.NoError(t, err, line)
		}
	}
}
