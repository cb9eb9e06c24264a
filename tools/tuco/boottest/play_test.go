package boottest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// crashedHost is what becomes of a host whose guest has crashed, or could not be made.
var crashedHost = &host.Outcome{End: host.GaveUp, Reason: "why", Failed: true}

func play(t *testing.T, more string, script func(h *fakeHost) *host.Outcome) Result {
	t.Helper()
	r, err := Run(t.Context(), fake(script), parsed(t, more), filepath.Join(t.TempDir(), "g"), func(int, *Step) {})
	require.NoError(t, err)
	return r
}

func TestPlay(t *testing.T) {
	for name, test := range map[string]struct {
		more   string
		script func(h *fakeHost) *host.Outcome
		want   string // empty: it passes
	}{
		"a conversation": {
			"steps = [expect('name'), send('Ada B'), expect('hello, (Ada)'), end()]",
			func(h *fakeHost) *host.Outcome {
				h.say("tuco 1", "control: help lists what can be typed here", "g: what is your name?")
				h.say("g: hello, " + strings.TrimPrefix(h.command(), "send g "))
				h.ended("g", `"power off"`)
				return nil
			}, "",
		},
		"the host is ended after the last step": {
			"steps = [expect('up')]", func(h *fakeHost) *host.Outcome { h.say("g: up"); h.runs(); return nil }, "",
		},
		"an end without another word": {
			"steps = [expect('up'), expect('on')]",
			func(h *fakeHost) *host.Outcome { h.say("g: up"); h.ended("g", `"power off"`); return nil },
			`g.boot:2: expect("on"): the host has ended; guest g ended by power off`,
		},
		"a line is matched once": {
			"steps = [expect('up'), expect('up')]", func(h *fakeHost) *host.Outcome { h.say("g: up"); return nil }, `expect("up"): the host has ended`,
		},
		"others' lines are others'": {
			"steps = [expect('up')]", func(h *fakeHost) *host.Outcome { h.say("control: up", "h: up", "up", "(TUCO) g: up"); return nil }, "the host has ended; the control domain has said: up",
		},
		"what comes with the end": {
			"steps = [expect('last')]", func(h *fakeHost) *host.Outcome { h.say("g: the last"); return nil }, "",
		},
		"the hypervisor speaks in the middle of a line": {
			"steps = [expect('^one line$'), expect('two')]",
			func(h *fakeHost) *host.Outcome {
				h.say("g: one", "(TUCO) domain 2: gone", "(TUCO) and more", " line", "g: two")
				return nil
			}, "",
		},
		"what is typed is in nobody's lines": {
			"steps = [expect('^one$'), expect('^two$')]",
			func(h *fakeHost) *host.Outcome {
				h.say("> send g on\r\x1b[Kg: one", "> send g on", "(TUCO) domain 2: gone", "\x00\r\x1b[Kg: two", "> send g one")
				return nil
			}, "",
		},
		"a guest that can't be made": {
			"steps = [expect('up')]",
			func(h *fakeHost) *host.Outcome {
				h.say(`control: guest "g": there is no memory left`)
				return crashedHost
			}, `the control domain has said: guest "g": there is no memory left (the host: failed: why`,
		},
		"a crash": {
			"steps = [expect('up'), expect('never')]",
			func(h *fakeHost) *host.Outcome { h.say("g: up"); h.ended("g", "crash"); return crashedHost },
			`g.boot:2: expect("never"): the host has ended; guest g ended by crash`,
		},
		"a crash that nobody waits for": {
			"on_crash = 'restart'\nsteps = [expect('again'), expect('again')]",
			func(h *fakeHost) *host.Outcome {
				h.say("g: again", `level=INFO msg="guest ended" guest=g reason=crash lived=1s`, "g: again")
				h.runs()
				return nil
			}, `g.boot: guest "g" has ended by crash, which no step waits for`,
		},
		"a crash as it should be": {
			"steps = [end('crash'), expect('last words')]",
			func(h *fakeHost) *host.Outcome {
				h.say(`level=INFO msg="guest ended" guest=g reason=crash lived=1s`, "g: last words", `level=INFO msg="guest destroyed" guest=g`)
				return crashedHost
			}, "",
		},
		"another end": {
			"steps = [end('poweroff')]", func(h *fakeHost) *host.Outcome { h.ended("g", "crash"); return crashedHost }, `end("poweroff"): the host has ended; guest g ended by crash`,
		},
		"a reboot, then a power off": {
			"steps = [end('reboot'), expect('twice'), end()]",
			func(h *fakeHost) *host.Outcome {
				h.say("g: once", `level=INFO msg="guest ended" guest=g reason=reboot lived=1s`, "g: twice")
				h.ended("g", `"power off"`)
				return nil
			}, "",
		},
		"a hypervisor's crash": {
			"steps = [expect('up')]",
			func(h *fakeHost) *host.Outcome {
				h.say("g: up")
				h.runs()
				return &host.Outcome{End: host.Crashed, Reason: "bounds", Failed: true}
			}, "g.boot: the host has failed: crashed: bounds",
		},
		"what must never come": {
			"never = ['^BUG: ']\nsteps = [expect('up')]",
			func(h *fakeHost) *host.Outcome { h.say("g: BUG: here", "g: up"); return nil }, "expect(\"up\"): never: guest g has written BUG: here",
		},
		"a flood": {
			"max_console = '1K'\nsteps = [expect('up')]",
			func(h *fakeHost) *host.Outcome {
				for range 40 {
					h.say("g: " + strings.Repeat("x", 100))
				}
				h.runs()
				return nil
			}, "max_console: the guests have written more than 1K",
		},
		"a step that takes too long": {
			"steps = [expect('up', within = '20ms')]", func(h *fakeHost) *host.Outcome { h.runs(); return nil }, `g.boot:2: expect("up", within = "20ms"): it took too long`,
		},
		"a test that takes too long": {
			"timeout = '20ms'\nsteps = [expect('up')]", func(h *fakeHost) *host.Outcome { h.runs(); return nil }, `expect("up"): the test has taken 20ms`,
		},
		"a host that doesn't listen": {
			"timeout = '20ms'\nsteps = [send('up')]", func(h *fakeHost) *host.Outcome { h.runs(); return nil }, `send("up"): the test has taken 20ms`,
		},
		"a host that is gone": {
			"steps = [expect('up'), wait('1ms'), send('a')]", func(h *fakeHost) *host.Outcome { h.say("g: up"); return nil }, "the host has ended",
		},
		"a wait": {
			"steps = [wait('5ms'), expect('up')]", func(h *fakeHost) *host.Outcome { h.say("g: up"); h.runs(); return nil }, "",
		},
		"a wait that the host doesn't live to see": {
			"steps = [wait('1h')]", func(h *fakeHost) *host.Outcome { return nil }, `wait("1h0m0s"): the host has ended`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := play(t, test.more, test.script)
			if test.want == "" {
				assert.Empty(t, r.Failure)
				assert.Empty(t, r.Dir)
				return
			}
			assert.Contains(t, r.Failure, test.want)
		})
	}
}

func TestTwoGuests(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web.cfg"), []byte("name = 'web'; kernel = 'w'; memory = 8"), 0o644))
	path := filepath.Join(dir, "two.boot")
	require.NoError(t, os.WriteFile(path, []byte(guestKeys+
		"beside = ['web.cfg']\nsteps = [expect('answer'), expect('asked', guest = 'web'), send('bye', guest = 'web'), end(guest = 'web'), expect('lost')]"), 0o644))
	test, err := Read(path)
	require.NoError(t, err)
	r, err := Run(t.Context(), fake(func(h *fakeHost) *host.Outcome {
		h.say("web: asked", "g: answer") // in whatever order
		assert.Equal(t, "send web bye", h.command())
		h.ended("web", `"power off"`)
		h.ended("g", `"power off"`)
		return nil
	}), test, filepath.Join(dir, "kept"), func(int, *Step) {})
	require.NoError(t, err)
	assert.Contains(t, r.Failure, `expect("lost"): the host has ended; guest g ended by power off; guest web ended by power off`)
	assert.Equal(t, "--- guest g:\nanswer\n--- guest web:\nasked\n", r.Console)
	for name, want := range map[string]string{"g.console.log": "answer\n", "web.console.log": "asked\n", "hypervisor.log": "tuco 1\n", "failure.txt": r.Failure + "\n"} {
		text, err := os.ReadFile(filepath.Join(r.Dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
}

// What a failed test leaves goes beside what is there, and nothing of a test that passes stays.
func TestArtifacts(t *testing.T) {
	dir := t.TempDir()
	keep := filepath.Join(dir, "g")
	require.NoError(t, os.Mkdir(keep, 0o755))
	mine := filepath.Join(keep, "mine")
	require.NoError(t, os.WriteFile(mine, nil, 0o644))
	test := parsed(t, "steps = [expect('up')]")
	for _, passes := range []bool{false, false, true} {
		r, err := Run(t.Context(), fake(func(h *fakeHost) *host.Outcome {
			if passes {
				h.say("g: up")
			}
			return nil
		}), test, keep, func(int, *Step) {})
		require.NoError(t, err)
		assert.Equal(t, passes, r.Failure == "")
		assert.FileExists(t, mine)
		assert.FileExists(t, filepath.Join(keep, "failure.txt"))
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Len(t, entries, 1, "the directory in which it ran is gone")
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Run(ctx, fake(func(h *fakeHost) *host.Outcome { cancel(); h.runs(); return nil }),
		parsed(t, "steps = [expect('up')]"), filepath.Join(t.TempDir(), "g"), func(int, *Step) {})
	require.NoError(t, err)
	assert.Contains(t, r.Failure, `expect("up"): interrupted`)
}

// A guest's words do nothing to us, whatever they are.
func FuzzTranscript(f *testing.F) {
	f.Add([]byte("g: a\n(TUCO) b\nc\nlevel=INFO msg=\"guest ended\" guest=g reason=crash lived=1s\n"))
	f.Add([]byte("level=INFO msg=\"guest destroyed\" guest=nobody\n: \ng: \n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		test, err := Parse("g.boot", []byte(guestKeys+"steps = [expect('a')]\nnever = ['b']"))
		require.NoError(t, err)
		whole, pieces := newTranscript(test), newTranscript(test)
		_, err = whole.Write(data)
		require.NoError(t, err)
		for k := range data {
			_, err = pieces.Write(data[k : k+1])
			require.NoError(t, err)
		}
		assert.Equal(t, whole.text("g"), pieces.text("g"))
		assert.Equal(t, whole.guests["g"].ended, pieces.guests["g"].ended)
		assert.Equal(t, whole.complaint(), pieces.complaint())
	})
}
