//go:build boot

package qemutests

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// loadGuest is a guest that keeps its disk and its network busy.
var loadGuest = filepath.Join(programDir, "load.elf")

// A guest larger than half of the memory that is free is made and ended time after time, at any moment of its life, beside a guest that goes on.
// The last time is like the first, and nothing is left in use.
func TestControlLives(t *testing.T) {
	t.Parallel()
	requireLives(t, 20, within(2*patience))
}

// lives is guests named big, one after the other.
type lives struct {
	*attended
	random *rand.Rand
	// How long the first took, from create on, until it ran and until it was busy; and, from shutdown on, to its end.
	toRun, toBusy, toEnd time.Duration
}

const bigMemory = 208 // MiB

func requireLives(t *testing.T, times int, with ...option) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	spec := controlled(t, host.Spec{CPUs: 2, Memory: 512 * host.MiB}, map[string]string{
		"web": "memory = 64\nkernel = 'httpd.elf'\nextra = 'ip=10.77.0.10/24,10.77.0.1'\nvif = ['ip=10.77.0.10']",
		"big": fmt.Sprintf("memory = %d\nkernel = 'load.elf'\nextra = 'address=10.77.0.11/24 fetch=http://10.77.0.10/'\n", bigMemory) +
			"vif = ['ip=10.77.0.11']\ndisk = ['vol:data,xvda,w']",
	}, loadGuest, filepath.Join(programDir, "httpd.elf"))
	spec.Dom0.Args = "volume=data:8"
	spec.ExtraArgs = diskFile(emptyDisk(t))
	l := &lives{attended: attend(t, spec, with...), random: rand.New(rand.NewPCG(seed, 0))}
	l.never = regexp.MustCompile(`guest crashed.*|load: failed.*|but not all that it had.*`)
	l.hearAll(`web: httpd: listens on .*`, bigRuns, bigWrites, bigFetches)
	l.destroy()
	before := l.figures()
	free, err := strconv.Atoi(before[2])
	require.NoError(t, err)
	require.Greater(t, bigMemory*host.MiB, host.Size(free)*4*host.KiB/2, "the guest is to have more than half of the memory that is free")

	l.first()
	kinds := []func(){l.killedInBuild, l.killedInBoot, l.killedBusy, l.killedAtEnd}
	for n := range times - 2 {
		kinds[n%len(kinds)]()
	}
	l.first() // works like the first
	after := l.figures()
	for n := 0; n < 300 && after[1] != before[1]; n++ {
		l.sleep(100 * time.Millisecond) // the hypervisor takes a domain apart when it has time
		after = l.figures()
	}
	require.Equal(t, before[1], after[1], "something is left in use")
	l.say("destroy web")
	require.Equal(t, host.PoweredOff, l.end().End, "%v\n%s", l.how, l.how.Console)
}

// What is heard of a life.
const (
	bigRuns    = `level=INFO msg="guest created" guest=big .*`
	bigWrites  = `big: load: flushed \d+`
	bigFetches = `big: load: fetched .*`
	bigGone    = `level=INFO msg="guest destroyed" guest=big`
	bigUnmade  = `control: guest "big" was destroyed while it was built`
)

// figures is what the host has in use, and the pages that are free.
func (l *lives) figures() []string {
	l.say("figures")
	return l.hear(`control: ((\d+) of \d+ pages free, .*)`)
}

// first lives to its end undisturbed, and is timed.
func (l *lives) first() {
	begun := time.Now()
	l.say("create big")
	l.hear(bigRuns)
	l.toRun = time.Since(begun)
	l.hearAll(bigWrites, bigFetches)
	l.toBusy = time.Since(begun)
	begun = time.Now()
	l.say("shutdown big")
	l.hear(bigGone)
	l.toEnd = time.Since(begun)
}

func (l *lives) killedInBuild() {
	l.say("create big")
	l.some(l.toRun)
	l.destroy()
}

func (l *lives) killedInBoot() {
	l.say("create big")
	l.hear(bigRuns)
	l.some(l.toBusy - l.toRun)
	l.destroy()
}

func (l *lives) killedBusy() {
	l.say("create big")
	l.hearAll(bigRuns, bigWrites, bigFetches)
	l.some(l.toBusy - l.toRun)
	l.destroy()
}

func (l *lives) killedAtEnd() {
	l.say("create big")
	l.hearAll(bigRuns, bigWrites, bigFetches)
	l.say("shutdown big")
	l.some(l.toEnd)
	l.destroy()
}

// some waits for some part of a time.
func (l *lives) some(of time.Duration) { l.sleep(time.Duration(l.random.Int64N(int64(of)))) }

// destroy ends the guest, which may not be there yet, or have ended by itself: maybe while this is typed, and then a part of what is typed stands before the line that tells.
func (l *lives) destroy() {
	for {
		l.say("destroy big")
		if l.hear(`(.*` + bigGone + `|` + bigUnmade + `)|control: there is no guest "big".*`)[1] != "" {
			return
		}
		l.sleep(10 * time.Millisecond)
	}
}
