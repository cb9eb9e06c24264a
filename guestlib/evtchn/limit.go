package evtchn

import (
	"context"
	"os"
	"time"
)

// limit has a context end what waits for a file. Who waits does it with the same context again and again, as a rule, so what watches the context
// stays there between: to begin and end that costs as much as to wait.
type limit struct {
	done  <-chan struct{} // of the context that is watched; nil: none is
	stop  func() bool
	ended chan struct{} // closed when the file was told
}

// set has another context count, which may be one that never ends.
func (l *limit) set(f *os.File, ctx context.Context) {
	if l.done == ctx.Done() {
		return
	}
	if l.done != nil && !l.stop() {
		<-l.ended
		f.SetReadDeadline(time.Time{})
	}
	*l = limit{done: ctx.Done()}
	if l.done == nil {
		return
	}
	ended := make(chan struct{})
	l.ended = ended
	l.stop = context.AfterFunc(ctx, func() {
		f.SetReadDeadline(time.Unix(1, 0))
		close(ended)
	})
}
