package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"tuco/control/config"
	"tuco/control/console"
	"tuco/control/daemons"
	"tuco/control/domains"
)

// manager is a domains.Manager, as commands see it.
type manager interface {
	Create(*config.Guest) error
	List() []domains.Info
	Reports(name string) []domains.Report
	Pause(name string) error
	Unpause(name string) error
	Shutdown(name, how string) error
	Destroy(name string) error
}

// keyboards types on guests' consoles.
type keyboards interface {
	Type(name, text string) error
}

// room has the daemons.
type room interface {
	List() []daemons.Info
	Restart(name string) error
}

// commands obeys what is typed on the control domain's console.
type commands struct {
	guests    manager
	keyboards keyboards
	daemons   room
	end       func() // the host
	to        io.Writer
	files     []*config.Guest        // that can be created
	figures   func() (string, error) // of the host
}

// all is every command, with what follows its name.
func (c *commands) all() []command {
	return []command{
		{"help", none, "this list", func(string) error { return c.help() }},
		{"list", none, "the guests", func(string) error { return c.list() }},
		{"figures", none, "what the hypervisor and the store have in use", func(string) error { return c.count() }},
		{"create", one, "a guest of the ramdisk that there is no more; it does not wait", c.create},
		{"pause", one, "stop its vCPUs where they are", c.guests.Pause},
		{"unpause", one, "let them go on", c.guests.Unpause},
		{"shutdown", one, "ask it to power off", func(name string) error { return c.guests.Shutdown(name, domains.Poweroff) }},
		{"reboot", one, "ask it to start again", func(name string) error { return c.guests.Shutdown(name, domains.Reboot) }},
		{"destroy", one, "end it at once, and forget it", c.guests.Destroy},
		{"send", line, "type a line on its console", c.send},
		{"reports", maybe, "crashes, of all guests or of one", c.reports},
		{"daemons", none, "who serves guests", func(string) error { return c.room() }},
		{"restart", daemon, "start a daemon anew; guests go on", c.daemons.Restart},
		{"poweroff", none, "end all guests, and the host; with a disk, they are back when it starts again", func(string) error { c.end(); return nil }},
	}
}

// A command is given what follows its name: a word, or nothing, or a line as it was typed.
type command struct {
	name, takes, does string
	do                func(rest string) error
}

// What a command takes.
const (
	none   = ""
	one    = "GUEST"
	maybe  = "[GUEST]"
	line   = "GUEST TEXT"
	daemon = "DAEMON"
)

// serve obeys line by line.
func (c *commands) serve(from io.Reader) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if err := c.obey(lines.Text()); err != nil {
			fmt.Fprintf(c.to, "control: %v\n", err)
		}
	}
}

func (c *commands) obey(typed string) error {
	name, rest := word(typed)
	if name == "" {
		return nil
	}
	all := c.all()
	k := slices.IndexFunc(all, func(o command) bool { return o.name == name })
	switch {
	case k < 0:
		return fmt.Errorf("there is no command %q; help lists those that there are", name)
	case !all[k].fits(rest):
		return fmt.Errorf("write: %s", strings.TrimSpace(all[k].name+" "+all[k].takes))
	}
	if all[k].takes != line {
		rest = strings.TrimSpace(rest)
	}
	return all[k].do(rest)
}

// word is the first word of a text, and what follows it.
func word(text string) (first, rest string) {
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	k := strings.IndexFunc(text, unicode.IsSpace)
	if k < 0 {
		return text, ""
	}
	return text[:k], strings.TrimLeftFunc(text[k:], unicode.IsSpace)
}

// fits tells whether a command can have what follows its name.
func (o command) fits(rest string) bool {
	switch words := len(strings.Fields(rest)); o.takes {
	case none:
		return words == 0
	case maybe:
		return words <= 1
	case line:
		return words >= 1
	default:
		return words == 1
	}
}

func (c *commands) help() error {
	return c.table(func(w io.Writer) {
		for _, o := range c.all() {
			fmt.Fprintf(w, "%s %s\t%s\n", o.name, o.takes, o.does)
		}
	})
}

// send types a line on a guest's console: what follows its name and a space.
func (c *commands) send(rest string) error {
	name, _ := word(rest)
	return c.keyboards.Type(name, strings.TrimPrefix(rest[len(name):], " ")+"\n")
}

func (c *commands) list() error {
	return c.table(func(w io.Writer) {
		fmt.Fprintln(w, "GUEST\tDOMAIN\tSTATE\tMIB\tVCPUS\t")
		for _, i := range c.guests.List() {
			fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%d\t%s\n", i.Config.Name, i.ID.Dom, i.State, i.Config.Memory, i.Config.VCPUs, i.Why)
		}
	})
}

// create makes a guest, and says how that went when it is made: meanwhile it can be destroyed.
func (c *commands) create(name string) error {
	k := slices.IndexFunc(c.files, func(g *config.Guest) bool { return g.Name == name })
	if k < 0 {
		return fmt.Errorf("there is no guests/%s.cfg in the ramdisk", name)
	}
	go func() {
		if err := c.guests.Create(c.files[k]); err != nil {
			fmt.Fprintf(c.to, "control: %v\n", err)
		}
	}()
	return nil
}

func (c *commands) count() error {
	text, err := c.figures()
	if err == nil {
		_, err = fmt.Fprintf(c.to, "control: %s\n", text)
	}
	return err
}

func (c *commands) reports(name string) error {
	reports := c.guests.Reports(name)
	if len(reports) == 0 {
		fmt.Fprintln(c.to, "control: no crashes")
	}
	for _, r := range reports {
		fmt.Fprintf(c.to, "control: %s: %s of domain %d, after %v\n", r.Guest, r.Reason, r.ID.Dom, r.Lived.Round(time.Millisecond))
		for _, name := range slices.Sorted(maps.Keys(r.Texts)) {
			fmt.Fprintf(c.to, "control: %s: %s:\n", r.Guest, name)
			for line := range strings.Lines(console.Printable([]byte(r.Texts[name]))) {
				fmt.Fprintf(c.to, "control: | %s\n", strings.TrimRight(line, "\n"))
			}
		}
	}
	return nil
}

func (c *commands) room() error {
	return c.table(func(w io.Writer) {
		fmt.Fprintln(w, "DAEMON\tRESTARTS\tRUNS FOR\t")
		for _, d := range c.daemons.List() {
			fmt.Fprintf(w, "%s\t%d\t%v\t%s\n", d.Name, d.Restarts, time.Since(d.Started).Round(time.Second), d.Failed)
		}
	})
}

// table writes a table, in one call, so that no guest's line comes in between.
func (c *commands) table(fill func(w io.Writer)) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fill(w)
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := c.to.Write(text.Bytes())
	return err
}
