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

	devices bool   // are connected
	address string // of the network interface; empty: by DHCP
	disk    uint64 // bytes to write to the first disk
	cut     bool   // in the middle of which the machine restarts
	network uint64 // bytes to send to a peer, and to get back from it
	peer    string
	store   bool // is tried
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
		name, value, _ := strings.Cut(name, "=")
		known, err := load.device(name, value)
		if !known {
			asked = true
			err = load.work(name, value)
		}
		if err != nil {
			return config{}, fmt.Errorf("command line: %s: %v", word, err)
		}
	}
	if load.network > 0 && load.peer == "" {
		return config{}, fmt.Errorf("command line: tuco.net: whom to send to is not said: want tuco.peer=HOST:PORT too")
	}
	if !asked {
		load.forks, load.memory = 0, 0
	}
	return load, nil
}

// device reads a word about devices. It tells whether it knows the word.
func (load *config) device(name, value string) (known bool, err error) {
	switch name {
	case "devices":
		load.devices = true
	case "address":
		load.address = value
	case "disk":
		load.disk, err = size(value)
	case "cut":
		load.cut = true
	case "net":
		load.network, err = size(value)
	case "peer":
		load.peer = value
	case "store":
		load.store = true
	default:
		return false, nil
	}
	return true, err
}

// work reads a word about the rest of the load, and about what comes after it.
func (load *config) work(name, value string) (err error) {
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
	return err
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
