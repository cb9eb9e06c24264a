package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tuco/kernel/text"
)

// errUsage marks an error about how the tool was called.
var errUsage = errors.New("wrong usage")

type usageError struct{ text string }

func (e *usageError) Error() string        { return e.text }
func (e *usageError) Is(target error) bool { return target == errUsage }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// withUsage has all commands say what they want where cobra only says what it does not: an unknown command, a wrong count of arguments.
func withUsage(cmd *cobra.Command) {
	cmd.Args = asUsage(cmd.Args)
	for _, sub := range cmd.Commands() {
		withUsage(sub)
	}
}

func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		switch {
		case err == nil || errors.Is(err, errUsage):
			return err
		case cmd.HasSubCommands():
			return usagef("%s", unknownCommand(cmd, args[0]))
		case len(args) == 0:
			return usagef("an argument is missing: write %s", cmd.UseLine())
		}
		return usagef("too few or too many arguments (%s): write %s", strings.Join(args, " "), cmd.UseLine())
	}
}

// unknownCommand says that there is no such command, and which one was probably meant.
func unknownCommand(cmd *cobra.Command, name string) string {
	said := fmt.Sprintf("unknown command %q for %q", name, cmd.CommandPath())
	near := text.Near{Word: []byte(name)}
	for _, sub := range cmd.Commands() {
		near.Offer(sub.Name())
	}
	if near.Name() != "" {
		said += fmt.Sprintf("; did you mean %s?", near.Name())
	}
	return fmt.Sprintf("%s (see %s --help)", said, cmd.CommandPath())
}

// wrongFlag says what is wrong with a flag, in words that are not the parser's.
func wrongFlag(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		wanted := map[string]string{"duration": "a time, such as 30s or 1m30s", "int": "a whole number", "float64": "a number", "bool": "true or false"}
		if want := wanted[invalid.GetFlag().Value.Type()]; want != "" {
			return usagef("--%s %s: want %s", invalid.GetFlag().Name, invalid.GetValue(), want)
		}
	}
	return usagef("%v (see %s --help)", err, cmd.CommandPath())
}
