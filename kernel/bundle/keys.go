package bundle

import "tuco/kernel/text"

// key is one of the keys of boot.cfg.
type key uint8

const (
	keyName key = iota
	keyKernel
	keyRamdisk
	keyArgs
	keyMemory
	keyVCPUs
	keyWeight
	keyCap
	keyPrivileged
	numKeys
)

// keys has, for each key, its name and what its value may be.
var keys = [numKeys]struct{ name, want string }{
	keyName:       {"name", "1 to 63 letters, digits, '.', '_' or '-'"},
	keyKernel:     {"kernel", "the name of a file in the bundle"},
	keyRamdisk:    {"ramdisk", "the name of a file in the bundle"},
	keyArgs:       {"args", "at most 1023 bytes"},
	keyMemory:     {"memory", "a number of MiB, or a size with a suffix K, M, G or T: whole pages, from 1M to 16T"},
	keyVCPUs:      {"vcpus", "a number from 1 to 128"},
	keyWeight:     {"weight", "a number from 1 to 65535"},
	keyCap:        {"cap", "percent of one CPU, at most 100 for each vCPU; 0 is no limit"},
	keyPrivileged: {"privileged", "yes or no"},
}

func findKey(word []byte) (key, bool) {
	for k := range keys {
		if text.Equal(word, keys[k].name) {
			return key(k), true
		}
	}
	return 0, false
}

func nearestKey(word []byte) string {
	n := text.Near{Word: word}
	for k := range keys {
		n.Offer(keys[k].name)
	}
	return n.Name()
}
