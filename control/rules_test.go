package main

import (
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/gateway"
	"tuco/control/hosts"
	"tuco/control/network"
	"tuco/control/packet"
	"tuco/control/vswitch"
)

// cable is an uplink with nobody at its other end.
type cable struct{}

func (cable) Send([]packet.Frame) {}

// started is a network at a host's start, with what is given.
func started(t *testing.T, outside bool, given ...network.Forward) *network.Service {
	book, err := hosts.New(guestNetwork, gatewayMAC)
	require.NoError(t, err)
	c := gateway.Config{Switch: vswitch.New(vswitch.Limits{}, time.Now), Book: book, Domain: "tuco", MTU: guestMTU, Now: time.Now}
	if outside {
		c.Uplink, c.MAC, c.Address, c.Router = cable{}, packet.MAC{2}, userNetwork.address, userNetwork.router
	}
	g, err := gateway.New(c)
	require.NoError(t, err)
	t.Cleanup(g.Close)
	return &network.Service{Switch: c.Switch, Gateway: g, Forwards: given}
}

// What is given is on record, and is there at the next start when nobody gives it.
func TestRulesAreKept(t *testing.T) {
	var kept memory
	none := fstest.MapFS{}
	log := slog.New(slog.DiscardHandler)
	given := fstest.MapFS{rulesFile: {Data: []byte("deny any from web to db\n")}}
	web, ssh, db := network.Forward{Port: 8080, Guest: "web", To: 80}, network.Forward{Port: 2222, Guest: "web", To: 22}, network.Forward{Port: 8080, Guest: "db", To: 81}
	require.NoError(t, keepRules(&kept, started(t, true, web, ssh), given, log))
	for _, forwards := range [][]network.Forward{{db}, nil, nil} {
		s := started(t, true, forwards...)
		require.NoError(t, keepRules(&kept, s, none, log))
		assert.Equal(t, []network.Forward{ssh, db}, s.Forwards)
		assert.Len(t, s.Switch.Rules().List, 1)
	}
	s := started(t, false)
	require.NoError(t, keepRules(&kept, s, none, log))
	assert.Empty(t, s.Forwards, "a host without a network starts its guests all the same")
	s = started(t, true)
	require.NoError(t, keepRules(&kept, s, fstest.MapFS{rulesFile: {}}, log))
	assert.Len(t, s.Forwards, 2)
	assert.Empty(t, s.Switch.Rules().List)
}

func TestBadRules(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	err := keepRules(&memory{}, started(t, true), fstest.MapFS{rulesFile: {Data: []byte("deny\nfrob")}}, log)
	assert.ErrorContains(t, err, rulesFile+":1")
	for _, text := range []string{"{", `{"forwards":["x"]}`} {
		err = keepRules(&memory{[]byte(text)}, started(t, true), fstest.MapFS{}, log)
		assert.ErrorContains(t, err, "the network's rules on record")
	}
}
