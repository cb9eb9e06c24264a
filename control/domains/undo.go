package domains

import (
	"errors"
	"fmt"
)

// undo is the ways to unmake what has been made, the last first.
type undo struct{ steps []step }

type step struct {
	what string // as in: detaching its disks
	do   func() error
}

func (u *undo) push(what string, do func() error) { u.steps = append(u.steps, step{what, do}) }

// run runs all steps. Those that fail stay, for another try.
func (u *undo) run() error {
	var failed []step
	var errs []error
	for k := len(u.steps) - 1; k >= 0; k-- {
		s := u.steps[k]
		if err := s.do(); err != nil {
			failed = append([]step{s}, failed...)
			errs = append(errs, fmt.Errorf("%s: %w", s.what, err))
		}
	}
	u.steps = failed
	return errors.Join(errs...)
}
