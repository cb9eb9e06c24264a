package bench

import (
	"regexp"
	"time"
)

// The rows of how long the control domain's runtime has kept its daemons waiting, and so the guests' rings: its longest times, of a whole run.
const (
	longestStop = "control domain: longest stop by its collector"
	longestWait = "control domain: longest wait of a goroutine that could run"
)

// PauseOps is what a control domain has to have told of its runtime.
func PauseOps() []string { return []string{longestStop, longestWait} }

// pausesLine is what the control domain writes at its end.
var pausesLine = regexp.MustCompile(`(?m)^level=INFO msg="garbage collector" collections=\d+ longest_stop=(\S+) longest_wait=(\S+)$`)

// ParsePauses finds them on the control domain's console. With an instruction counter a nanosecond is an instruction.
func ParsePauses(console string) (Table, error) {
	found := pausesLine.FindStringSubmatch(console)
	if found == nil {
		return nil, tableError("the control domain has not told of its garbage collector")
	}
	var table Table
	for k, op := range PauseOps() {
		took, err := time.ParseDuration(found[k+1])
		if err != nil {
			return nil, tableError("%q: %v", found[0], err)
		}
		table = append(table, Row{Op: op, Div: 1, Ticks: float64(took.Nanoseconds())})
	}
	return table, nil
}
