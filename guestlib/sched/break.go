package sched

// Break ends a thread's wait as if its time were up, because of a signal.
func Break(t *Thread) {
	if t.state == waiting && t.order != 0 {
		t.late = true
		Ready(t)
	}
}
