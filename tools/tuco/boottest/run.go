package boottest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tuco/tools/tuco/host"
)

// A Result is what became of a test.
type Result struct {
	Test     *Test
	Failure  string // one line, with the file and the line where there is one; empty: it has passed
	Elapsed  time.Duration
	Console  string // the guests' lines
	Dir      string // where the artifacts are; empty: nothing was kept
	Canceled bool   // somebody has ended it
}

// Run runs a test. The files of its host are in a directory of their own while it runs; if it fails, they are moved to keep. Progress is told
// each step as it begins.
func Run(ctx context.Context, boot Boot, t *Test, keep string, progress func(n int, s *Step)) (r Result, err error) {
	r.Test = t
	if err := os.MkdirAll(filepath.Dir(keep), 0o755); err != nil {
		return r, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(keep), ".running-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	seen := newTranscript(t)
	input, keys := io.Pipe()
	timed, cancel := context.WithTimeoutCause(ctx, t.Timeout, errTimeout)
	defer cancel()
	// The host ends after the player, not with its time.
	booted, quit := context.WithCancelCause(ctx)
	defer quit(nil)
	done := make(chan struct{})
	var outcome *host.Outcome
	var bad error
	go func() {
		defer close(done)
		defer input.Close()
		outcome, bad = boot(booted, t, dir, input, seen)
	}()
	p := &player{test: t, seen: seen, keys: keys, done: done, cursor: map[string]int{}, ends: map[string]int{}, step: progress}
	failure := p.play(timed)
	quit(host.ErrQuit)
	<-done
	r.Elapsed, r.Canceled = time.Since(began), ctx.Err() != nil
	switch {
	case bad != nil:
		return r, bad
	case failure == nil && hostFailed(outcome) && !p.waitedForCrash():
		failure = fmt.Errorf("%s: the host has failed: %v", t.File, outcome)
	case failure != nil && outcome.Failed:
		failure = fmt.Errorf("%w (the host: %v)", failure, outcome)
	}
	r.Console = consoles(t, seen)
	if failure == nil {
		return r, nil
	}
	r.Failure, r.Dir = strings.ReplaceAll(failure.Error(), "\n", " "), keep
	if err := explain(r, dir, seen, outcome); err != nil {
		return r, err
	}
	return r, move(dir, keep)
}

// hostFailed tells whether a host failed that the player had not ended.
func hostFailed(o *host.Outcome) bool { return o.Failed && o.End != host.Interrupted }

// waitedForCrash tells whether the test wants a crash. Its host then says that there was one.
func (p *player) waitedForCrash() bool {
	for _, s := range p.test.Steps {
		if s.Kind == End && crashed(ends[s.How]) {
			return true
		}
	}
	return false
}

// consoles is what the guests have written; with several, each behind its name.
func consoles(t *Test, seen *transcript) string {
	if len(t.Beside) == 0 {
		return seen.text(t.Guest.Name)
	}
	var b strings.Builder
	for _, name := range t.names() {
		fmt.Fprintf(&b, "--- guest %s:\n%s", name, seen.text(name))
	}
	return b.String()
}

// explain writes what tells why a test failed, beside the logs of the host.
func explain(r Result, dir string, seen *transcript, outcome *host.Outcome) error {
	files := map[string]string{"failure.txt": r.Failure + "\n"}
	var tail strings.Builder
	if err := outcome.WriteTail(&tail, host.TailLines); err != nil {
		return err
	}
	files["host.txt"] = tail.String()
	for _, name := range r.Test.names() {
		files[name+".console.log"] = seen.text(name)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// move moves the files of a directory to another, which may have some of these names from another time. What else is there stays.
func move(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	for _, f := range files {
		err = errors.Join(err, os.Rename(filepath.Join(from, f.Name()), filepath.Join(to, f.Name())))
	}
	return err
}
