package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tuco/control/api/wire"
	"tuco/hypercall"
	"tuco/tools/tuco/client"
	"tuco/tools/tuco/tracing"
)

func newTrace() *cobra.Command {
	var r remote
	var length time.Duration
	var classes []string
	cmd := r.on(&cobra.Command{
		Use:   "trace [DOMAIN]",
		Short: "Show what the hypervisor does: exits, hypercalls, exceptions, and what they take",
		Long: `Show what the hypervisor does from now on, until Ctrl-C or for the time of --for: each exit of a guest, as what it was served and how long that took,
and other events of the classes of --class. In the end a table says how often each was, and what share of the CPUs' time it took.

DOMAIN, a guest's name or a domain's number, leaves out what is not about it; 0 is the control domain. With --json each event is a line, and the last
line is the table.

Recording costs each exit some hundreds of instructions, and showing it costs the control domain more: it is among what is shown. Who is too slow is told how
many records are lost.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if length < 0 {
				return usagef("trace: want --for above 0, such as 5s")
			}
			for _, c := range classes {
				if !slices.Contains(wire.TraceClasses, c) {
					return usagef("trace: --class %s: want some of %s", c, strings.Join(wire.TraceClasses, ", "))
				}
			}
			return cobra.MaximumNArgs(1)(cmd, args)
		},
		ValidArgsFunction: r.complete(guestNames, 1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		domain := strings.Join(args, "")
		err := r.trace(cmd, c, domain, strings.Join(classes, ","), length)
		return meant(cmd.Context(), c, err, domain, guestNames)
	})
	cmd.Flags().DurationVar(&length, "for", 0, "how long, such as 5s (default: until Ctrl-C)")
	cmd.Flags().StringSliceVar(&classes, "class", []string{"exit"}, "classes of events: "+strings.Join(wire.TraceClasses, ", "))
	return cmd
}

// traced is an event as --json has it.
type traced struct {
	Time   float64 `json:"time"` // seconds since the first
	CPU    int     `json:"cpu"`
	Domain *int    `json:"domain,omitempty"`
	VCPU   *int    `json:"vcpu,omitempty"`
	Event  string  `json:"event"`
	Kind   string  `json:"kind,omitempty"`
	Detail string  `json:"detail,omitempty"`
	Took   float64 `json:"took,omitempty"` // served: seconds
}

func (r *remote) trace(cmd *cobra.Command, c *client.Client, domain, classes string, length time.Duration) error {
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	t, err := c.Trace(ctx, classes, domain)
	if err != nil {
		return err
	}
	defer t.Close()
	if length > 0 {
		defer time.AfterFunc(length, cancel).Stop()
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	tally := tracing.NewTally(t.TicksPerMillisecond, int(t.CPUs))
	for err == nil {
		var e hypercall.ControlTraceRecord
		if e, err = t.Next(); err == nil {
			what := tracing.Describe(&e)
			tally.Add(&e, what)
			r.showEvent(out, tracedOf(tally, &e, what))
		}
		if !t.Waiting() {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	r.showTally(out, tally.Summary())
	if err := out.Flush(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil // it was to end
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s has ended the trace: the host ends, or it was read too slowly", c.Address())
	}
	return err
}

func tracedOf(tally *tracing.Tally, e *tracing.Record, what tracing.Event) traced {
	t := traced{Time: tally.Since(e), CPU: int(e.CPU), Event: what.Name, Kind: what.Kind, Detail: what.Detail}
	if e.VCPU != hypercall.CONTROLTRACE_NO_VCPU {
		domain, vcpu := int(e.VCPU>>16), int(e.VCPU&0xffff)
		t.Domain, t.VCPU = &domain, &vcpu
	}
	if e.Event == hypercall.CONTROLTRACE_served {
		t.Took = tally.Seconds(e.A)
	}
	return t
}

// showEvent shows an event in a line.
func (r *remote) showEvent(to io.Writer, t traced) {
	if r.json {
		_ = json.NewEncoder(to).Encode(t)
		return
	}
	who := ""
	if t.Domain != nil {
		who = fmt.Sprintf("%d.%d", *t.Domain, *t.VCPU)
	}
	text := strings.TrimSpace(t.Kind + " " + t.Detail)
	if t.Took != 0 {
		text = fmt.Sprintf("in %.2f µs, %s", t.Took*1e6, text)
	}
	fmt.Fprintf(to, "%14.9f  cpu %-2d  %-6s  %-10s  %s\n", t.Time, t.CPU, who, t.Event, text)
}

// showTally shows the table.
func (r *remote) showTally(to io.Writer, s tracing.Summary) {
	if r.json {
		_ = json.NewEncoder(to).Encode(s)
		return
	}
	fmt.Fprintf(to, "\n%.3f s, %d CPUs, %d records lost\n\n", s.Time, s.CPUs, s.Lost)
	_ = table(to, func(w io.Writer) {
		row(w, "EVENT", "KIND", "COUNT", "TIME", "EACH", "SHARE")
		for _, k := range s.Rows {
			if k.Time == 0 {
				row(w, k.Event, k.Kind, k.Count, "-", "-", "-")
				continue
			}
			row(w, k.Event, k.Kind, k.Count, fmt.Sprintf("%.3f ms", k.Time*1e3), fmt.Sprintf("%.2f µs", k.Time*1e6/float64(k.Count)), fmt.Sprintf("%.2f %%", k.Share*100))
		}
	})
}
