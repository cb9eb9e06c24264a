package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What to do when the load is through.
const (
	endShell    = "shell"
	endPowerOff = "poweroff"
	endReboot   = "reboot"
	endPanic    = "panic"
)

// A config is what the kernel's command line asks for.
type config struct {
	forks  int    // processes to make
	memory uint64 // bytes to map
	loops  [3]int // how often each of loops runs
	end    string
}

// parse reads a kernel's command line. Words that are not for us, which is any without our prefix, mean nothing.
func parse(line string) (config, error) {
	load := config{forks: 200, memory: 1 << 30, end: endShell}
	asked := false
	for _, word := range strings.Fields(line) {
		name, ours := strings.CutPrefix(word, "tuco.")
		if !ours {
			continue
		}
		asked = true
		name, value, _ := strings.Cut(name, "=")
		var err error
		switch name {
		case "forks":
			load.forks, err = number(value)
		case "map":
			load.memory, err = size(value)
		case "end":
			load.end = value
			switch value {
			case endShell, endPowerOff, endReboot, endPanic:
			default:
				err = fmt.Errorf("want %s, %s, %s or %s", endShell, endPowerOff, endReboot, endPanic)
			}
		default:
			if i := slices.IndexFunc(loops, func(l loop) bool { return l.name == name }); i >= 0 {
				load.loops[i], err = number(value)
			} else {
				err = fmt.Errorf("unknown name")
			}
		}
		if err != nil {
			return config{}, fmt.Errorf("command line: %s: %v", word, err)
		}
	}
	if !asked {
		return config{end: endShell}, nil
	}
	return load, nil
}

// number reads how often something is to be done.
func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("want a number such as 200")
	}
	return n, nil
}

// size reads a number of bytes with an optional unit K, M or G.
func size(text string) (uint64, error) {
	shift := 0
	if n := len(text); n > 0 {
		switch text[n-1] {
		case 'k', 'K':
			shift = 10
		case 'm', 'M':
			shift = 20
		case 'g', 'G':
			shift = 30
		}
		if shift > 0 {
			text = text[:n-1]
		}
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > math.MaxUint64>>shift {
		return 0, fmt.Errorf("want a size such as 512M or 1G")
	}
	return n << shift, nil
}
