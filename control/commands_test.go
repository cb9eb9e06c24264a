package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/config"
	"tuco/control/daemons"
	"tuco/control/domains"
)

// recorder notes what it is asked for.
type recorder struct{ asked []string }

func (r *recorder) note(words ...string) error {
	r.asked = append(r.asked, strings.Join(words, " "))
	return nil
}

func (r *recorder) List() []domains.Info {
	return []domains.Info{
		{Config: &config.Guest{Name: "web", Memory: 128, VCPUs: 2}, State: domains.Running, ID: domains.ID{Dom: 3}},
		{Config: &config.Guest{Name: "db", Memory: 64, VCPUs: 1}, State: domains.Ended, Why: "crash", ID: domains.ID{Dom: 4}},
	}
}

func (r *recorder) Reports(name string) []domains.Report {
	if name == "web" {
		return nil
	}
	return []domains.Report{{Guest: "db", Reason: "crash", ID: domains.ID{Dom: 4}, Lived: 1500 * time.Millisecond, Texts: map[string]string{"console": "the\x1b end\nweb: forged"}}}
}

func (r *recorder) Pause(name string) error         { return r.note("pause", name) }
func (r *recorder) Unpause(name string) error       { return r.note("unpause", name) }
func (r *recorder) Shutdown(name, how string) error { return r.note("shutdown", name, how) }
func (r *recorder) Type(name, text string) error    { return r.note("type", name, text) }
func (r *recorder) Create(g *config.Guest) error    { return fmt.Errorf("%s can't be created", g.Name) }
func (r *recorder) Restart(context.Context) error   { return r.note("restart block") }
func (r *recorder) Clients() int                    { return 0 }
func (r *recorder) Destroy(string) error            { return errors.New("it does not want to") }

func TestCommands(t *testing.T) {
	var out strings.Builder
	r := &recorder{}
	room := daemons.New(slog.New(slog.DiscardHandler), time.Now, daemons.Daemon{Name: "block", Service: r})
	c := commands{guests: r, keyboards: r, daemons: room, to: &out, figures: func() (string, error) { return "7 pages", nil }, end: func() { _ = r.note("poweroff") }}
	c.serve(strings.NewReader(`
list
pause web
unpause web
shutdown web
reboot web
destroy web
send web  ls -l  /
send web
send
reports
reports web
frob
pause
list web
pause a b
restart block
restart blok
restart
daemons
figures
create web
poweroff
`))
	assert.Equal(t, []string{"pause web", "unpause web", "shutdown web poweroff", "shutdown web reboot", "type web  ls -l  /\n", "type web \n", "restart block", "poweroff"}, r.asked)
	assert.Equal(t, `GUEST  DOMAIN  STATE    MIB  VCPUS  
web    3       running  128  2      
db     4       ended    64   1      crash
control: it does not want to
control: write: send GUEST TEXT
control: db: crash of domain 4, after 1.5s
control: db: console:
control: | the\x1b end
control: | web: forged
control: no crashes
control: there is no command "frob"; help lists those that there are
control: write: pause GUEST
control: write: list
control: write: pause GUEST
control: no such daemon: "blok"; there are block
control: write: restart DAEMON
DAEMON  RESTARTS  RUNS FOR  
block   1         0s        
control: 7 pages
control: there is no guests/web.cfg in the ramdisk
`, out.String())
	out.Reset()
	c.serve(strings.NewReader("help"))
	assert.Equal(t, len(c.all()), strings.Count(out.String(), "\n"))
	assert.Contains(t, out.String(), "reports [GUEST]  crashes, of all guests or of one\n")
}

// A guest is created while commands are obeyed.
func TestCreateCommand(t *testing.T) {
	from, to := io.Pipe()
	r := &recorder{}
	room := daemons.New(slog.New(slog.DiscardHandler), time.Now)
	c := commands{guests: r, keyboards: r, daemons: room, to: to, files: []*config.Guest{{Name: "web"}}}
	require.NoError(t, c.obey("create web"))
	said, err := bufio.NewReader(from).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "control: web can't be created\n", said)
}
