package main

import (
	"io"

	"github.com/spf13/cobra"

	"tuco/control/api/wire"
	"tuco/tools/tuco/client"
)

func newSched() *cobra.Command {
	var r remote
	var weight, limit int
	cmd := r.on(&cobra.Command{
		Use:   "sched NAME",
		Short: "Show or change a guest's share of the CPUs",
		Long: "Show a guest's share of the CPUs, or change it: where time is scarce a guest of twice the weight gets twice the time; no guest gets more than its cap. " +
			"What is changed stays so until it is changed again, or the guest is destroyed.",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: r.complete(guestNames, 1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		var to wire.Schedule
		if cmd.Flags().Changed("weight") {
			to.Weight = &weight
		}
		if cmd.Flags().Changed("cap") {
			to.Cap = &limit
		}
		var d wire.Domain
		var err error
		if to == (wire.Schedule{}) {
			d, err = c.Domain(cmd.Context(), args[0])
		} else {
			d, err = c.SetSchedule(cmd.Context(), args[0], to)
		}
		if err != nil {
			return meant(cmd.Context(), c, err, args[0], guestNames)
		}
		is := share{d.Name, d.Config.Weight, d.Config.Cap}
		return r.show(cmd, is, func(w io.Writer) {
			row(w, "NAME", "WEIGHT", "CAP")
			row(w, is.Name, is.Weight, is.Cap)
		})
	})
	cmd.Flags().IntVarP(&weight, "weight", "w", 0, "its weight, 1 to 65535; 256 is usual")
	cmd.Flags().IntVarP(&limit, "cap", "c", 0, "the most that it gets, in percent of one CPU; 0: no limit")
	return cmd
}

// share is a guest's share of the CPUs.
type share struct {
	Name   string `json:"name"`
	Weight int    `json:"cpu_weight"`
	Cap    int    `json:"cap"`
}
