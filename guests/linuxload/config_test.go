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
		"quiet tuco.end=poweroff\n":              {forks: 200, memory: 1 << 30, end: endPowerOff},
		"tuco.forks=7 tuco.map=0 tuco.end=panic": {forks: 7, memory: 0, end: endPanic},
		"tuco.map=3k tuco.forks=0 x tuco.end=reboot":    {forks: 0, memory: 3 << 10, end: endReboot},
		"tuco.map=512M tuco.end=shell panic=1 tuco.x=1": {},
		"tuco.map=16": {forks: 200, memory: 16, end: endShell},
		"tuco.forks=0 tuco.map=0 tuco.getppid=5 tuco.forkexits=7 tuco.faults=6": {loops: [3]int{5, 6, 7}, end: endShell},
		"tuco.devices":                           {devices: true, end: endShell},
		"tuco.devices tuco.address=192.0.2.1/24": {devices: true, address: "192.0.2.1/24", end: endShell},
		"tuco.disk=1M tuco.cut tuco.net=2M tuco.peer=host:7 tuco.store": {
			disk: 1 << 20, cut: true, network: 2 << 20, peer: "host:7", store: true, end: endShell,
		},
		"tuco.disk=1M tuco.forks=0 tuco.end=reboot": {disk: 1 << 20, memory: 1 << 30, end: endReboot},
		"tuco.net=2M":           {},
		"tuco.disk=much":        {},
		"tuco.faults=-1":        {},
		"tuco.getppid=x":        {},
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
