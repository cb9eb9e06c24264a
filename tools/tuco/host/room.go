package host

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// What Linux tells of this machine's memory.
const (
	memoryInfo = "/proc/meminfo"
	overcommit = "/proc/sys/vm/overcommit_memory"
	promiseAll = "1" // the value of overcommit with which any amount is promised
)

// CheckRoom refuses a resolved spec whose memory this machine has not, by the kernel's own rule: it promises no more at once than there is, swap included. Not all need be
// free, since a host's memory is taken as the host uses it.
func (s Spec) CheckRoom() error { return s.checkRoom(memoryInfo, overcommit) }

func (s Spec) checkRoom(memoryInfo, overcommit string) error {
	if rule, err := os.ReadFile(overcommit); err == nil && strings.TrimSpace(string(rule)) == promiseAll {
		return nil
	}
	has, err := machineMemory(memoryInfo)
	if err != nil || s.Memory <= has { // what is not known is the emulator's to say
		return nil
	}
	return badSpec("memory of %v: this machine has %v with its swap: want less", s.Memory, has/MiB*MiB)
}

// machineMemory sums up memory and swap.
func machineMemory(path string) (sum Size, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	found := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib Size
		for _, what := range []string{"MemTotal", "SwapTotal"} {
			if n, _ := fmt.Sscanf(lines.Text(), what+": %d kB", &kib); n == 1 {
				sum += kib * KiB
				found++
			}
		}
	}
	if found != 2 {
		return 0, fmt.Errorf("%s does not tell how much memory there is", path)
	}
	return sum, nil
}
