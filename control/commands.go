package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"tuco/control/domains"
)

// manager is a domains.Manager, as commands see it.
type manager interface {
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

// commands obeys what is typed on the control domain's console.
type commands struct {
	guests    manager
	keyboards keyboards
	to        io.Writer
}

// all is every command, with what follows its name.
func (c *commands) all() []command {
	return []command{
		{"list", none, "the guests", func(string) error { return c.list() }},
		{"pause", one, "stop its vCPUs where they are", c.guests.Pause},
		{"unpause", one, "let them go on", c.guests.Unpause},
		{"shutdown", one, "ask it to power off", func(name string) error { return c.guests.Shutdown(name, domains.Poweroff) }},
		{"reboot", one, "ask it to start again", func(name string) error { return c.guests.Shutdown(name, domains.Reboot) }},
		{"destroy", one, "end it at once, and forget it", c.guests.Destroy},
		{"send", line, "type a line on its console", nil},
		{"reports", maybe, "crashes, of all guests or of one", c.reports},
	}
}

type command struct {
	name, takes, does string
	do                func(name string) error
}

// What a command takes.
const (
	none  = ""
	one   = "GUEST"
	maybe = "[GUEST]"
	line  = "GUEST TEXT"
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
	words := strings.Fields(typed)
	if len(words) == 0 {
		return nil
	}
	all := c.all()
	k := slices.IndexFunc(all, func(o command) bool { return o.name == words[0] })
	switch {
	case words[0] == "help":
		return c.help(all)
	case words[0] == "send" && len(words) > 1:
		_, text, _ := strings.Cut(strings.TrimLeft(typed, " \t"), words[1])
		return c.keyboards.Type(words[1], strings.TrimPrefix(text, " ")+"\n")
	case k < 0:
		return fmt.Errorf("there is no command %q; help lists those that there are", words[0])
	case len(words) > 2 || len(words) == 1 && (all[k].takes == one || all[k].takes == line) || len(words) == 2 && all[k].takes == none:
		return fmt.Errorf("write: %s", strings.TrimSpace(all[k].name+" "+all[k].takes))
	}
	return all[k].do(strings.Join(words[1:], ""))
}

func (c *commands) help(all []command) error {
	w := c.table()
	for _, o := range all {
		fmt.Fprintf(w, "%s %s\t%s\n", o.name, o.takes, o.does)
	}
	return w.Flush()
}

func (c *commands) list() error {
	w := c.table()
	fmt.Fprintln(w, "GUEST\tDOMAIN\tSTATE\tMIB\tVCPUS\t")
	for _, i := range c.guests.List() {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%d\t%s\n", i.Config.Name, i.ID.Dom, i.State, i.Config.Memory, i.Config.VCPUs, i.Why)
	}
	return w.Flush()
}

func (c *commands) reports(name string) error {
	reports := c.guests.Reports(name)
	if len(reports) == 0 {
		fmt.Fprintln(c.to, "control: no crashes")
	}
	for _, r := range reports {
		fmt.Fprintf(c.to, "%s: %s of domain %d, after %v\n", r.Guest, r.Reason, r.ID.Dom, r.Lived.Round(time.Millisecond))
		for _, text := range r.Texts {
			fmt.Fprintln(c.to, text)
		}
	}
	return nil
}

func (c *commands) table() *tabwriter.Writer { return tabwriter.NewWriter(c.to, 0, 0, 2, ' ', 0) }
