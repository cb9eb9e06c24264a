package bench

import (
	"regexp"
	"time"
)

// The rows of what a control domain tells of itself: how long its runtime has kept its daemons waiting, and so the guests' rings, its longest times of a whole run; and what it took to make a
// guest.
const (
	longestStop = "control domain: longest stop by its collector"
	longestWait = "control domain: longest wait of a goroutine that could run"
	guestMade   = "control domain: a guest made"
)

// ControlOps is what a control domain has to have told.
func ControlOps() []string { return []string{longestStop, longestWait, guestMade} }

var (
	// pausesLine is what the control domain writes at its end.
	pausesLine = regexp.MustCompile(`(?m)^level=INFO msg="garbage collector" collections=\d+ longest_stop=(\S+) longest_wait=(\S+)$`)
	// madeLine is what it writes of a guest that is made.
	madeLine = regexp.MustCompile(`(?m)^level=INFO msg="guest created" guest=(\S+) domain=\d+ took=\S+ spent=(\S+)$`)
)

// ParseControl finds them on the control domain's console; a guest's name says which is made. With an instruction counter a nanosecond is an instruction.
func ParseControl(guest, console string) (table Table, err error) {
	found := pausesLine.FindStringSubmatch(console)
	if found == nil {
		return nil, tableError("the control domain has not told of its garbage collector")
	}
	times := found[1:]
	for _, made := range madeLine.FindAllStringSubmatch(console, -1) {
		if made[1] == guest {
			times = append(times, made[2])
		}
	}
	ops := ControlOps()
	if len(times) != len(ops) {
		return nil, tableError("the control domain has made guest %q %d times, not once", guest, len(times)-len(found[1:]))
	}
	for k, op := range ops {
		took, err := time.ParseDuration(times[k])
		if err != nil {
			return nil, tableError("%s: %v", op, err)
		}
		table = append(table, Row{Op: op, Div: 1, Ticks: float64(took.Nanoseconds())})
	}
	return table, nil
}
