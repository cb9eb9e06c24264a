package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/hosts"
)

// recorded is a host of the record, without its token.
type recorded struct {
	Address string    `json:"address"`
	PID     int       `json:"pid"`
	LogDir  string    `json:"log_dir"`
	Started time.Time `json:"started"`
}

func newHosts() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:     "hosts",
		Short:   "List the hosts that run here",
		Long:    "List the hosts that run here. The first, which was started last, is the one that commands are for if they have no --host.",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := hosts.List()
			if err != nil {
				return err
			}
			if len(list) == 0 && !r.json {
				fmt.Fprintln(cmd.ErrOrStderr(), "tuco:", r.explain(hosts.ErrNone))
			}
			shown := []recorded{}
			for _, h := range list {
				shown = append(shown, recorded{h.Address, h.PID, h.LogDir, h.Started})
			}
			return r.show(cmd, shown, func(w io.Writer) {
				row(w, "ADDRESS", "PROCESS", "STARTED", "LOGS")
				for _, h := range shown {
					row(w, h.Address, h.PID, h.Started.Format("2006-01-02 15:04:05"), h.LogDir)
				}
			})
		},
	}
	cmd.Flags().BoolVar(&r.json, "json", false, "print JSON")
	return cmd
}
