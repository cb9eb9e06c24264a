package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tuco/control/api/wire"
	"tuco/tools/tuco/client"
	"tuco/tools/tuco/progress"
)

func newInfo() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:   "info [NAME]",
		Short: "Show what there is to say about a guest, or about the host",
		Args:  cobra.MaximumNArgs(1),

		ValidArgsFunction: r.complete(guestNames, 1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		if len(args) == 0 {
			h, err := c.Host(cmd.Context())
			if err != nil {
				return err
			}
			return r.show(cmd, h, func(w io.Writer) { printHost(w, c.Address(), h) })
		}
		d, err := c.Domain(cmd.Context(), args[0])
		if err != nil {
			return meant(cmd.Context(), c, err, args[0], guestNames)
		}
		return r.show(cmd, d, func(w io.Writer) { printDomain(w, d) })
	})
}

func newDown() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:   "down",
		Short: "End a host, and all its guests before it",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, c *client.Client, _ []string) error {
		if err := c.PowerOff(cmd.Context()); err != nil {
			return err
		}
		o := outcome{c.Address(), "ends"}
		return r.show(cmd, o, func(w io.Writer) { row(w, o.Name+": "+o.Result) })
	})
}

func printHost(w io.Writer, address string, h wire.Host) {
	space := func(s wire.Space) string { return progress.Bytes(s.Free) + " free of " + progress.Bytes(s.Size) }
	row(w, "management", address)
	row(w, "version", h.Version)
	row(w, "up for", seconds(h.Uptime))
	row(w, "CPUs", h.CPUs)
	row(w, "memory", space(h.Memory))
	row(w, "volumes", space(h.Volumes))
	row(w, "guests", h.Guests)
	row(w, "domains", h.Domains)
	if h.Address != "" {
		row(w, "address", h.Address)
	}
	c := h.Collector
	row(w, "collector", fmt.Sprintf("%d collections, longest stop %s, longest wait %s", c.Collections, moment(c.LongestStop), moment(c.LongestWait)))
}

// moment is a short time.
func moment(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Round(time.Microsecond)
}

func printDomain(w io.Writer, d wire.Domain) {
	row(w, "name", d.Name)
	row(w, "state", d.State)
	if d.Why != "" {
		row(w, "why", d.Why)
	}
	row(w, "domain", domainOf(d))
	row(w, "memory", progress.Bytes(d.Memory))
	row(w, "vCPUs", d.VCPUs)
	row(w, "CPU time", seconds(d.CPUTime))
	row(w, "exits", d.Exits)
	row(w, "ports", d.Ports)
	for _, k := range d.Disks {
		row(w, "disk "+k.VDev, fmt.Sprintf("%s: %d reads of %s, %d writes of %s, %d flushes, %d errors", k.Volume, k.Reads, bytesOf(k.BytesRead), k.Writes,
			bytesOf(k.BytesWritten), k.Flushes, k.Errors))
	}
	for _, n := range d.NICs {
		row(w, "network "+n.MAC, fmt.Sprintf("%s: %d frames of %s sent, %d of %s received, %d dropped", orNone(n.Address), n.Sent, bytesOf(n.SentBytes), n.Received,
			bytesOf(n.ReceivedBytes), n.Dropped))
	}
	if g := d.Config; g != nil {
		row(w, "kernel", g.Kernel)
		if g.Ramdisk != "" {
			row(w, "ramdisk", g.Ramdisk)
		}
		if g.Extra != "" {
			row(w, "extra", g.Extra)
		}
		row(w, "weight, cap", fmt.Sprintf("%d, %d %%", g.Weight, g.Cap))
		row(w, "at its end", fmt.Sprintf("poweroff: %s, reboot: %s, crash: %s", g.OnPoweroff, g.OnReboot, g.OnCrash))
	}
}

func bytesOf(n uint64) string { return progress.Bytes(int64(n)) }

func orNone(address string) string {
	if address == "" {
		return "no address"
	}
	return address
}
