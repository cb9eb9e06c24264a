package frontend

import (
	"context"
	"time"
)

// Saved is a device's part in the saving of its domain. While the domain is saved and restored the device's connection is held,
// which means that it does not end because the back end is gone; then another takes its place.
type Saved struct {
	Connection func() *Connection
	Resume     func(context.Context) error // connects anew
}

// patience is how long a restored domain waits for its back ends.
const patience = time.Minute

// Suspended is called before the domain is saved.
func (s *Saved) Suspended() { s.Connection().hold(true) }

// Resumed is called when it goes on. Where the saving was cancelled, everything is as it was.
func (s *Saved) Resumed(cancelled bool) error {
	if cancelled {
		s.Connection().hold(false)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.Resume(ctx)
}
