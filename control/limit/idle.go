package limit

import "time"

// Idle slows down who is told that there is something to do, and finds nothing: a peer that sends events without end costs its own time with each, and
// several times as much of whoever looks. The zero Idle has found nothing yet.
type Idle struct{ times int }

// So often in a row it costs nothing, which is more than comes of chance; then each time waits a little longer, until it is enough.
const (
	idleFree    = 16
	idleStep    = time.Millisecond
	idleLongest = 10 * time.Millisecond
)

// Looked notes that somebody has looked, and whether there was something to do. It returns how long to wait before the next look.
func (i *Idle) Looked(found bool) time.Duration {
	if found {
		i.times = 0
		return 0
	}
	i.times++
	return min(max(time.Duration(i.times-idleFree), 0)*idleStep, idleLongest)
}
