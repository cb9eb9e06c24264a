package main

import (
	"io"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/client"
)

func newDaemon() *cobra.Command {
	return family("daemon", "List and restart the daemons of the control domain", newDaemonList(), newDaemonRestart())
}

// family is a command that has only subcommands.
func family(name, short string, members ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:     name,
		Short:   short,
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("%s needs to know what to do (see tuco %s --help)", name, name)
		},
	}
	for _, m := range members {
		m.GroupID = "" // these are of the root
		cmd.AddCommand(m)
	}
	return cmd
}

func newDaemonList() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the daemons",
		Args:    cobra.NoArgs,
	}, func(cmd *cobra.Command, c *client.Client, _ []string) error {
		list, err := c.Daemons(cmd.Context())
		if err != nil {
			return err
		}
		return r.show(cmd, list, func(w io.Writer) {
			row(w, "NAME", "STATE", "STARTED", "RESTARTS", "CLIENTS", "")
			for _, d := range list {
				row(w, d.Name, d.State, d.Started.UTC().Format("2006-01-02 15:04:05"), d.Restarts, d.Clients, d.Why)
			}
		})
	})
}

func newDaemonRestart() *cobra.Command {
	var r remote
	return r.on(&cobra.Command{
		Use:   "restart NAME…",
		Short: "Restart daemons; guests connect to them again",
		Args:  cobra.MinimumNArgs(1),

		ValidArgsFunction: r.complete(daemonNames, -1),
	}, func(cmd *cobra.Command, c *client.Client, args []string) error {
		return r.each(cmd, args, "restarted", func(name string) error {
			return meant(cmd.Context(), c, c.RestartDaemon(cmd.Context(), name), name, daemonNames)
		})
	})
}
