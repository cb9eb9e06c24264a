package boottest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A Reporter is told how tests come along, from several goroutines.
type Reporter interface {
	Step(t *Test, n int, s *Step) // step n, from 0, begins
	Done(r Result)
}

// Options say how tests are run.
type Options struct {
	Boot      Boot
	Jobs      int    // at once
	Artifacts string // a directory for those of tests that fail
	Reporter  Reporter
}

// All runs tests, several at once. There is a result for each that has begun, in the order of the tests.
func All(ctx context.Context, tests []*Test, o Options) (results []Result, err error) {
	all := make([]*Result, len(tests))
	next := make(chan int)
	stop, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	for range min(o.Jobs, len(tests)) {
		workers.Go(func() {
			for k := range next {
				r, err := Run(stop, o.Boot, tests[k], o.dir(tests, k), func(n int, s *Step) { o.Reporter.Step(tests[k], n, s) })
				if err != nil { // nothing to do with the test: the others would not fare better
					cancel(err)
					return
				}
				all[k] = &r
				o.Reporter.Done(r)
			}
		})
	}
	for k := range tests {
		select {
		case next <- k:
			continue
		case <-stop.Done():
		}
		break
	}
	close(next)
	workers.Wait()
	for _, r := range all {
		if r != nil {
			results = append(results, *r)
		}
	}
	if ctx.Err() == nil && stop.Err() != nil {
		return results, context.Cause(stop)
	}
	return results, ctx.Err()
}

// dir is where the artifacts of a test go: a directory with its name, and its path too where another has the same name.
func (o *Options) dir(tests []*Test, k int) string {
	name := plain(tests[k].File)
	for i, t := range tests {
		if i != k && filepath.Base(t.File) == filepath.Base(tests[k].File) {
			return filepath.Join(o.Artifacts, strings.Trim(strings.ReplaceAll(name, string(os.PathSeparator), "-"), ".-"))
		}
	}
	return filepath.Join(o.Artifacts, filepath.Base(name))
}

func plain(file string) string { return strings.TrimSuffix(file, Extension) }
