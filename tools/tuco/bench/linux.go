package bench

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A LinuxRun is what one boot of stock Linux as domain 0 took: to its init, and in each loop of guests/linuxload. In a run without -icount
// the instructions are not known; in one with it, time means nothing.
type LinuxRun struct {
	Hypervisor   string          `json:"hypervisor"`
	ICount       bool            `json:"icount"`
	Start        Moment          `json:"init"` // from the emulator's start
	Instructions float64         `json:"init_instructions,omitempty"`
	Loops        map[string]Loop `json:"loops"`
}

// A Loop is what so many turns took.
type Loop struct {
	Turns int    `json:"turns"`
	Took  Moment `json:"took"`
	Ticks uint64 `json:"ticks"` // of the time stamp counter
}

// A Moment is seconds: this machine's, and of them those in which it executed the emulator. On a machine that does other things too the second is
// the better measure of the two.
type Moment struct {
	Wall float64 `json:"wall_seconds"`
	CPU  float64 `json:"cpu_seconds"`
}

// A Clock says what time it is since the emulator's start.
type Clock func() (wall, cpu float64)

// A LinuxWatch looks at the lines of a run's console as they come.
type LinuxWatch struct {
	Run   LinuxRun
	Clock Clock

	line  []byte
	began Moment
}

var (
	initRuns  = regexp.MustCompile(`^\[ *(\d+)\.(\d+)\] Run /init as init process`)
	loopBegan = regexp.MustCompile(`^linuxload: (\w+): begins`)
	loopEnded = regexp.MustCompile(`^linuxload: (\w+): passed: (\d+) in (\d+) ticks`)
)

// Write takes the console's output.
func (w *LinuxWatch) Write(data []byte) (int, error) {
	for _, c := range data {
		if c != '\n' {
			w.line = append(w.line, c)
			continue
		}
		w.look(strings.TrimRight(string(w.line), "\r"))
		w.line = w.line[:0]
	}
	return len(data), nil
}

func (w *LinuxWatch) now() (t Moment) {
	t.Wall, t.CPU = w.Clock()
	return t
}

func (w *LinuxWatch) look(line string) {
	if m := initRuns.FindStringSubmatch(line); m != nil {
		// Linux' clock has begun at its entry. With -icount a nanosecond is an instruction.
		w.Run.Start = w.now()
		seconds, _ := strconv.ParseFloat(m[1]+"."+m[2], 64)
		if w.Run.ICount {
			w.Run.Instructions = seconds * 1e9
		}
	}
	if loopBegan.MatchString(line) {
		w.began = w.now()
	}
	if m := loopEnded.FindStringSubmatch(line); m != nil {
		now := w.now()
		turns, _ := strconv.Atoi(m[2])
		ticks, _ := strconv.ParseUint(m[3], 10, 64)
		if w.Run.Loops == nil {
			w.Run.Loops = map[string]Loop{}
		}
		w.Run.Loops[m[1]] = Loop{turns, Moment{now.Wall - w.began.Wall, now.CPU - w.began.CPU}, ticks}
	}
}

// LinuxLoops are the loops of a run, and how many turns each makes.
var LinuxLoops = []struct {
	Name, What string
	Turns      int
}{{"getppid", "system call (getppid)", 200_000}, {"faults", "page fault", 20_000}, {"forkexits", "fork, exit and wait", 500}}

// Complete says what a run lacks, or nothing.
func (r *LinuxRun) Complete() error {
	if r.Start.Wall == 0 {
		return fmt.Errorf("on %s, Linux has not started its init", r.Hypervisor)
	}
	for _, l := range LinuxLoops {
		if r.Loops[l.Name].Turns != l.Turns {
			return fmt.Errorf("on %s, Linux has not ended the loop %s", r.Hypervisor, l.Name)
		}
	}
	return nil
}

// linuxPrefix begins the names of rows of Linux.
const linuxPrefix = "Linux: "

// JoinLinux adds rows of what runs on each hypervisor took: medians, where there are several. A hypervisor is named as a Line's numbers are.
func (r *Report) JoinLinux(runs []LinuxRun) {
	r.Linux = runs
	row := func(op, unit string, div int, icount bool, of func(*LinuxRun) float64) {
		l := Line{Op: linuxPrefix + op, Unit: unit, Div: div, elsewhere: true} // LinuxRun.Complete has seen to it
		l.Tuco, l.TucoStubOff, l.Xen = median(runs, "tuco", icount, of), median(runs, "tuco_stub_off", icount, of), median(runs, "xen", icount, of)
		if l.Tuco != nil && l.Xen != nil && *l.Xen > 0 {
			l.Ratio = rounded(*l.Tuco / *l.Xen)
		}
		r.Rows = append(r.Rows, l)
	}
	const seconds = "seconds"
	row("kernel entry to init", unit, 1, true, func(r *LinuxRun) float64 { return r.Instructions })
	for _, l := range LinuxLoops {
		row(l.What, unit, l.Turns, true, func(r *LinuxRun) float64 { return float64(r.Loops[l.Name].Ticks) / float64(l.Turns) })
	}
	row("emulator's start to init, wall time", seconds, 1, false, func(r *LinuxRun) float64 { return r.Start.Wall })
	row("emulator's start to init, processor time", seconds, 1, false, func(r *LinuxRun) float64 { return r.Start.CPU })
	for _, l := range LinuxLoops {
		row(fmt.Sprintf("%d times %s, wall time", l.Turns, l.What), seconds, l.Turns, false, func(r *LinuxRun) float64 { return r.Loops[l.Name].Took.Wall })
		row(fmt.Sprintf("%d times %s, processor time", l.Turns, l.What), seconds, l.Turns, false, func(r *LinuxRun) float64 { return r.Loops[l.Name].Took.CPU })
	}
}

// median is that of the runs on a hypervisor, nil if there are none.
func median(runs []LinuxRun, hypervisor string, icount bool, of func(*LinuxRun) float64) *float64 {
	var all []float64
	for i := range runs {
		if runs[i].Hypervisor == hypervisor && runs[i].ICount == icount {
			all = append(all, of(&runs[i]))
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	return &all[len(all)/2]
}
