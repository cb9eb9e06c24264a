package boottest

import (
	"regexp"
	"time"

	"tuco/control/config"
	"tuco/tools/tuco/host"
)

// Extension is what the names of test files end with.
const Extension = ".boot"

// A Test is what a file says.
type Test struct {
	File   string
	Guest  *config.Guest
	Values *config.Values // where the file says it
	Beside []Guest        // those that run beside it
	Steps  []*Step

	Timeout    time.Duration    // for everything, from the start of the emulator
	MaxConsole host.Size        // what guests may write together
	Never      []*regexp.Regexp // what no line of a guest may match

	Machine Machine
	Volumes map[string]host.Size // that are made before the guests, empty
}

// A Guest is another guest of a test's host.
type Guest struct {
	File string // its guest.cfg
	*config.Guest
	Values *config.Values // where the file says it
}

// A Machine is what the host is to be.
type Machine struct {
	Emulator string
	CPUs     int
	Memory   host.Size // 0: what the guests and the control domain need
}

// Stretch multiplies all times by a factor, for a machine that is slower than the one that they were made for.
func (t *Test) Stretch(factor float64) {
	stretch := func(d *time.Duration) { *d = time.Duration(float64(*d) * factor) }
	stretch(&t.Timeout)
	for _, s := range t.Steps {
		stretch(&s.For)
		stretch(&s.Within)
	}
}

// What a file has if it doesn't say it.
const (
	defaultTimeout    = 5 * time.Minute
	defaultMaxConsole = 4 * host.MiB
)
