package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/tools/tuco/bench"
)

func TestProcessorTime(t *testing.T) {
	sum := 0
	for i := range 1 << 24 {
		sum += i
	}
	assert.Positive(t, sum)
	assert.Positive(t, processorTime(os.Getpid()))
	assert.Zero(t, processorTime(1<<30), "no such process")
}

// Each loop is asked for by the name that it prints.
func TestLinuxWords(t *testing.T) {
	words := linuxWords()
	assert.Contains(t, words, "tuco.getppid=200000 tuco.faults=20000 tuco.forkexits=500")
	assert.Contains(t, words, "console=hvc0")
	assert.Len(t, bench.LinuxLoops, 3)
}
