package domains

import (
	"errors"
	"fmt"
)

// Kinds of errors, for errors.Is. Other errors are those of whom the toolstack asked.
var (
	ErrNotFound = errors.New("no such guest")
	ErrExists   = errors.New("the guest exists")
	ErrQuota    = errors.New("over the quota")
	ErrState    = errors.New("not in this state")
	ErrConflict = errors.New("what it needs is another guest's")
	ErrConfig   = errors.New("it can't be built as described")
	ErrRecord   = errors.New("the record of guests can't be used")
)

// refusal is an error of a kind, in its own words.
type refusal struct {
	kind error
	text string
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.kind }

func refuse(kind error, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}
