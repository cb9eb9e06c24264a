package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/progress"
)

// show prints a value: for machines in JSON, else by print.
func (r *remote) show(cmd *cobra.Command, value any, print func(w io.Writer)) error {
	if r.json {
		e := json.NewEncoder(cmd.OutOrStdout())
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(value)
	}
	return table(cmd.OutOrStdout(), print)
}

// table aligns the columns, which tabs end, of what print writes.
func table(to io.Writer, print func(w io.Writer)) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	print(w)
	return w.Flush()
}

// row writes a row. Its last column ends the line, so that nothing is filled up behind it.
func row(w io.Writer, columns ...any) {
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = fmt.Sprint(c)
	}
	fmt.Fprintln(w, strings.TrimRight(strings.Join(texts, "\t"), "\t"))
}

// seconds is a length of time for people.
func seconds(s float64) time.Duration {
	d := time.Duration(s * float64(time.Second))
	if d >= time.Minute {
		return d.Round(time.Second)
	}
	return d.Round(10 * time.Millisecond)
}

// outcome is what became of a thing that a command was for.
type outcome struct {
	Name   string `json:"name"`
	Result string `json:"result"`
}

// bar is a bar for a slow step, where somebody sees it: tell, which is nil elsewhere, and done.
func bar(cmd *cobra.Command, what string) (tell func(done, total int64), done func()) {
	if !host.IsTerminalWriter(cmd.ErrOrStderr()) {
		return nil, func() {}
	}
	b := progress.New(cmd.ErrOrStderr(), what)
	return b.Tell, b.Done
}
