package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tuco/kernel/text"
	"tuco/tools/tuco/client"
	"tuco/tools/tuco/hosts"
)

// remote is the running host that a command is for: the flags that name it, and how its answers are shown.
type remote struct {
	address, token string
	wait           time.Duration
	json           bool

	last hosts.Host // where the address comes from the record
}

// tokenVariable is the token's, for those who don't want it among a process's arguments.
const tokenVariable = "TUCO_TOKEN"

// on makes a command on a running host of one that says how it is used, and what it does there.
func (r *remote) on(cmd *cobra.Command, do func(cmd *cobra.Command, c *client.Client, args []string) error) *cobra.Command {
	cmd.GroupID = groupRunning
	flags := cmd.Flags()
	flags.StringVar(&r.address, "host", "", "ADDRESS:PORT of a host's management (default: the host last started here)")
	flags.StringVar(&r.token, "token", "", "the host's token (default: "+tokenVariable+", or as recorded)")
	flags.DurationVar(&r.wait, "wait", 0, "wait so long for the host to answer, such as 1m")
	flags.BoolVar(&r.json, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := r.connect(cmd.Context())
		if err != nil {
			return r.explain(err)
		}
		defer c.Close()
		return r.explain(do(cmd, c, args))
	}
	return cmd
}

// retry is how long to wait between two attempts to reach a host.
const retry = 200 * time.Millisecond

// connect finds the host, and waits for it if it is to. It looks at the record before each attempt: a host that ends is in it for a while, and another may come.
func (r *remote) connect(ctx context.Context) (*client.Client, error) {
	if r.wait <= 0 {
		return r.find()
	}
	ctx, cancel := context.WithTimeout(ctx, r.wait)
	defer cancel()
	for {
		c, err := r.find()
		if err == nil {
			if _, err = c.Host(ctx); err == nil {
				return c, nil
			}
			c.Close()
		}
		if !errors.Is(err, hosts.ErrNone) && !errors.Is(err, client.ErrUnreachable) {
			return nil, err // a host that refuses has answered
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(retry):
		}
	}
}

// find finds the host by the flags and the record.
func (r *remote) find() (*client.Client, error) {
	token := cmp.Or(r.token, os.Getenv(tokenVariable))
	if r.address == "" {
		h, err := hosts.Last()
		if err != nil {
			return nil, err
		}
		r.last = h
		return client.New(h.Address, cmp.Or(token, h.Token)), nil
	}
	address := strings.TrimSuffix(strings.TrimPrefix(r.address, "http://"), "/")
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return nil, usagef("--host %s: want ADDRESS:PORT, such as 127.0.0.1:8007", r.address)
	}
	if token == "" {
		list, err := hosts.List()
		if err != nil {
			return nil, err
		}
		for _, h := range list {
			if h.Address == address {
				r.last, token = h, h.Token
			}
		}
	}
	if token == "" {
		return nil, usagef("--host %s needs the host's token, which is in api.token in its log directory: --token TOKEN, or the variable %s", r.address, tokenVariable)
	}
	return client.New(address, token), nil
}

// explain adds to an error what to do about it.
func (r *remote) explain(err error) error {
	switch {
	case errors.Is(err, hosts.ErrNone):
		return fmt.Errorf("%w: tuco up GUEST.cfg starts one, --host ADDRESS:PORT names one elsewhere, --wait 1m waits for one", err)
	case client.IsUnauthorized(err):
		return fmt.Errorf("the host refuses the token: %w: give its own by --token or %s", err, tokenVariable)
	case errors.Is(err, client.ErrUnreachable) && r.last.LogDir != "":
		return fmt.Errorf("%w: it is still starting (--wait 1m waits for it), or its control domain has ended: see %s", err, r.last.LogDir)
	case errors.Is(err, client.ErrUnreachable):
		return fmt.Errorf("%w: is the address right? --wait 1m waits for a host that is starting", err)
	}
	return err
}

// A lister lists the names of guests, volumes or daemons.
type lister func(ctx context.Context, c *client.Client) ([]string, error)

func guestNames(ctx context.Context, c *client.Client) (names []string, err error) {
	list, err := c.Domains(ctx)
	for _, d := range list {
		names = append(names, d.Name)
	}
	return names, err
}

func volumeNames(ctx context.Context, c *client.Client) (names []string, err error) {
	list, err := c.Volumes(ctx)
	for _, v := range list.Volumes {
		names = append(names, v.Name)
	}
	return names, err
}

func daemonNames(ctx context.Context, c *client.Client) (names []string, err error) {
	list, err := c.Daemons(ctx)
	for _, d := range list {
		names = append(names, d.Name)
	}
	return names, err
}

// meant adds to an error about an unknown name which one was probably meant.
func meant(ctx context.Context, c *client.Client, err error, name string, list lister) error {
	if !client.IsNotFound(err) {
		return err
	}
	names, cant := list(ctx, c)
	if cant != nil {
		return err
	}
	near := text.Near{Word: []byte(name)}
	for _, n := range names {
		near.Offer(n)
	}
	if near.Name() == "" {
		return err
	}
	return fmt.Errorf("%w; did you mean %s?", err, near.Name())
}

// completionTime is how long a shell waits for names.
const completionTime = 2 * time.Second

// complete completes names that the running host has: the first so many arguments, or with -1 all, each once.
func (r *remote) complete(list lister, most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const nothing = cobra.ShellCompDirectiveNoFileComp
		if most >= 0 && len(args) >= most {
			return nil, nothing
		}
		r.wait = 0
		c, err := r.find()
		if err != nil {
			return nil, nothing
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(context.Background(), completionTime)
		defer cancel()
		names, err := list(ctx, c)
		if err != nil {
			return nil, nothing
		}
		given := map[string]bool{}
		for _, a := range args {
			given[a] = true
		}
		var rest []cobra.Completion
		for _, n := range names {
			if !given[n] && strings.HasPrefix(n, typed) {
				rest = append(rest, n)
			}
		}
		return rest, nothing
	}
}
