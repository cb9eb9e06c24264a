package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tuco/control/api/wire"
	"tuco/tools/tuco/client"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/progress"
)

// load is what the guests of a host do, between two looks.
type load struct {
	Host   wire.Host   `json:"host"`
	Guests []guestLoad `json:"guests"`
}

// guestLoad is what one guest does. Rates are per second of the host's time.
type guestLoad struct {
	Name   string  `json:"name"`
	State  string  `json:"state"`
	CPU    float64 `json:"cpu_percent"` // of one CPU
	Memory int64   `json:"memory"`
	VCPUs  int     `json:"vcpus"`
	Exits  float64 `json:"exits"`
	Read   float64 `json:"read"`    // bytes, of its disks
	Wrote  float64 `json:"written"` // bytes
	Sent   float64 `json:"sent"`    // bytes, on its network
	Got    float64 `json:"received"`
}

func newTop() *cobra.Command {
	var r remote
	var times int
	var every time.Duration
	cmd := r.on(&cobra.Command{
		Use:   "top",
		Short: "Show over and over what guests use: CPU time, exits, disk, network",
		Long: `Show over and over what guests use of CPUs, disks and networks, until Ctrl-C; -n 1 shows it once, after one interval. Where the output is no terminal it is
shown once, unless -n says more often. With --json each time is one line.

Times are the host's own, so that an emulator's speed changes nothing.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if every <= 0 || times < 0 {
				return usagef("top: want --interval above 0, and -n not below")
			}
			return cobra.NoArgs(cmd, args)
		},
	}, func(cmd *cobra.Command, c *client.Client, _ []string) error {
		screen := host.IsTerminalWriter(cmd.OutOrStdout()) && !r.json
		if times == 0 && !screen {
			times = 1
		}
		return r.top(cmd, c, times, every, screen)
	})
	cmd.Flags().IntVarP(&times, "number", "n", 0, "how often to show it (default: until Ctrl-C)")
	cmd.Flags().DurationVar(&every, "interval", time.Second, "time between two looks")
	return cmd
}

func (r *remote) top(cmd *cobra.Command, c *client.Client, times int, every time.Duration, screen bool) error {
	ctx := cmd.Context()
	before, err := look(ctx, c)
	if err != nil {
		return err
	}
	for n := 0; times == 0 || n < times; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
		now, err := look(ctx, c)
		if err != nil {
			if ctx.Err() != nil {
				return nil // Ctrl-C is how one leaves
			}
			return err
		}
		if err := r.showLoad(cmd.OutOrStdout(), between(before, now), screen); err != nil {
			return err
		}
		before = now
	}
	return nil
}

// sample is a look at a host.
type sample struct {
	host    wire.Host
	domains []wire.Domain
}

func look(ctx context.Context, c *client.Client) (s sample, err error) {
	if s.host, err = c.Host(ctx); err != nil {
		return s, err
	}
	s.domains, err = c.Domains(ctx)
	return s, err
}

// between is what has been done between two looks. Of a guest that was not there, or has another domain now, that is all that it has done.
func between(before, now sample) load {
	l := load{Host: now.host, Guests: []guestLoad{}}
	passed := now.host.Uptime - before.host.Uptime
	rate := func(from, to float64) float64 {
		if passed <= 0 || to < from {
			return 0
		}
		return (to - from) / passed
	}
	for _, d := range now.domains {
		var was wire.Domain
		if i := slices.IndexFunc(before.domains, func(o wire.Domain) bool { return o.Name == d.Name && o.Domain == d.Domain }); i >= 0 {
			was = before.domains[i]
		}
		a, b := transfers(was), transfers(d)
		l.Guests = append(l.Guests, guestLoad{
			Name: d.Name, State: d.State, Memory: d.Memory, VCPUs: d.VCPUs,
			CPU: 100 * rate(was.CPUTime, d.CPUTime), Exits: rate(float64(was.Exits), float64(d.Exits)),
			Read: rate(a[0], b[0]), Wrote: rate(a[1], b[1]), Sent: rate(a[2], b[2]), Got: rate(a[3], b[3]),
		})
	}
	slices.SortStableFunc(l.Guests, func(a, b guestLoad) int { return cmp.Compare(b.CPU, a.CPU) })
	return l
}

// transfers is how many bytes a guest has read and written on its disks, sent and received.
func transfers(d wire.Domain) (sum [4]float64) {
	for _, k := range d.Disks {
		sum[0] += float64(k.BytesRead)
		sum[1] += float64(k.BytesWritten)
	}
	for _, n := range d.NICs {
		sum[2] += float64(n.SentBytes)
		sum[3] += float64(n.ReceivedBytes)
	}
	return sum
}

// showLoad writes all of a look at once, so that a screen doesn't flicker.
func (r *remote) showLoad(to io.Writer, l load, screen bool) error {
	if r.json {
		return json.NewEncoder(to).Encode(l)
	}
	var b bytes.Buffer
	if screen {
		b.WriteString("\x1b[H\x1b[J")
	}
	fmt.Fprintf(&b, "up %v, %d guests, %d CPUs, memory %s free of %s, volumes %s free of %s\n\n", seconds(l.Host.Uptime), l.Host.Guests, l.Host.CPUs,
		progress.Bytes(l.Host.Memory.Free), progress.Bytes(l.Host.Memory.Size), progress.Bytes(l.Host.Volumes.Free), progress.Bytes(l.Host.Volumes.Size))
	rate := func(bytes float64) string { return progress.Bytes(int64(bytes)) }
	table(&b, func(w io.Writer) {
		row(w, "NAME", "STATE", "CPU %", "MEMORY", "VCPUS", "EXITS/S", "READ/S", "WRITTEN/S", "SENT/S", "RECEIVED/S")
		for _, g := range l.Guests {
			row(w, g.Name, g.State, fmt.Sprintf("%.1f", g.CPU), progress.Bytes(g.Memory), g.VCPUs, fmt.Sprintf("%.0f", g.Exits), rate(g.Read), rate(g.Wrote), rate(g.Sent), rate(g.Got))
		}
	})
	_, err := to.Write(b.Bytes())
	return err
}
