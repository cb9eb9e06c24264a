package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tuco/control/api/wire"
	"tuco/tools/tuco/client"
	"tuco/tools/tuco/progress"
)

func newPS() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:     "ps",
		Aliases: []string{"list"},
		Short:   "List a host's guests",
		Args:    cobra.NoArgs,
	}, func(cmd *cobra.Command, c *client.Client, _ []string) error {
		list, err := c.Domains(cmd.Context())
		if err != nil {
			return err
		}
		return r.show(cmd, list, func(w io.Writer) {
			row(w, "NAME", "DOMAIN", "STATE", "MEMORY", "VCPUS", "CPU TIME", "")
			for _, d := range list {
				row(w, d.Name, domainOf(d), d.State, progress.Bytes(d.Memory), d.VCPUs, seconds(d.CPUTime), d.Why)
			}
		})
	})
}

func domainOf(d wire.Domain) string {
	if d.Domain == 0 {
		return "-"
	}
	return fmt.Sprint(d.Domain)
}

// A verb is a command that is told to each of some guests.
type verb struct {
	use, short, long string
	done             string // the result
	do               func(c *client.Client, ctx context.Context, name string) error
}

var verbs = []verb{
	{"destroy", "End guests at once, and forget them", "Whatever they are doing. What they have written to their volumes and flushed stays.", "destroyed", (*client.Client).Destroy},
	{"pause", "Stop guests' vCPUs where they are", "", "paused", (*client.Client).Pause},
	{"unpause", "Let paused guests go on", "", "unpaused", (*client.Client).Unpause},
	{"shutdown", "Ask guests to power off", "A guest that does not look at control/shutdown in its store goes on; destroy does not ask.", "asked to power off", (*client.Client).Shutdown},
	{"reboot", "Ask guests to start again", "A guest that does not look at control/shutdown in its store goes on.", "asked to reboot", (*client.Client).Reboot},
}

func newVerb(v verb) *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:               v.use + " NAME…",
		Short:             v.short,
		Long:              strings.TrimSpace(v.short + ".\n\n" + v.long),
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: r.complete(guestNames, -1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		return r.each(cmd, args, v.done, func(name string) error {
			return meant(cmd.Context(), c, v.do(c, cmd.Context(), name), name, guestNames)
		})
	})
}

// each does something to each of some things, shows what has become of them, and gives all errors.
func (r *remote) each(cmd *cobra.Command, names []string, result string, do func(name string) error) (err error) {
	done := []outcome{}
	for _, name := range names {
		if bad := do(name); bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		done = append(done, outcome{name, result})
	}
	return errors.Join(r.show(cmd, done, func(w io.Writer) {
		for _, o := range done {
			row(w, o.Name+": "+o.Result)
		}
	}), err)
}

func newReports() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:               "reports NAME",
		Short:             "Show what was kept of a guest's crashes",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: r.complete(guestNames, 1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		list, err := c.Reports(cmd.Context(), args[0])
		if err != nil {
			return meant(cmd.Context(), c, err, args[0], guestNames)
		}
		if len(list) == 0 && !r.json {
			fmt.Fprintf(cmd.ErrOrStderr(), "tuco: no crash of %s is on record\n", args[0])
		}
		return r.show(cmd, list, func(w io.Writer) {
			for _, p := range list {
				fmt.Fprintf(w, "%s  %s: %s of domain %d, after %v\n", p.Time.UTC().Format("2006-01-02 15:04:05"), p.Guest, p.Reason, p.Domain, seconds(p.Lived))
				for _, name := range slices.Sorted(maps.Keys(p.Texts)) {
					fmt.Fprintf(w, "--- %s:\n%s\n", name, strings.TrimRight(p.Texts[name], "\n"))
				}
			}
		})
	})
}
