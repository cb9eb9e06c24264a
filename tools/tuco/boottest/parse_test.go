package boottest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// guestKeys are those that every guest must have, in one line.
const guestKeys = "name = 'g'; kernel = 'k'; memory = 8\n"

func parsed(t *testing.T, more string) *Test {
	t.Helper()
	test, err := Parse("g.boot", []byte(guestKeys+more))
	require.NoError(t, err)
	return test
}

func TestParse(t *testing.T) {
	test := parsed(t, `
def _ask(question):
    return [send(question), expect("yes", within = 20)]
steps = [expect(r"^\d")] + _ask("there?") + [wait("1s"), end()]
timeout = "1m30s"
max_console = "64K"
never = ["panic"]
host_cpus = 2
host_memory = "1G"
volumes = {"data": "4M"}
emulator = "bochs"
vcpus = 2
`)
	var steps []string
	for _, s := range test.Steps {
		steps = append(steps, s.String())
		assert.Equal(t, "g", s.Guest)
	}
	assert.Equal(t, []string{`expect(r"^\d")`, `send("there?")`, `expect("yes", within = "20s")`, `wait("1s")`, `end("poweroff")`}, steps)
	assert.Equal(t, []int{5, 4, 4, 5, 5}, []int{test.Steps[0].Line, test.Steps[1].Line, test.Steps[2].Line, test.Steps[3].Line, test.Steps[4].Line})
	assert.Equal(t, 90*time.Second, test.Timeout)
	assert.Equal(t, 64*host.KiB, test.MaxConsole)
	assert.Equal(t, Machine{Emulator: "bochs", CPUs: 2, Memory: host.GiB}, test.Machine)
	assert.Equal(t, map[string]host.Size{"data": 4 * host.MiB}, test.Volumes)
	assert.Equal(t, 2, test.Guest.VCPUs)
	require.Len(t, test.Never, 1)

	test.Stretch(2)
	assert.Equal(t, 3*time.Minute, test.Timeout)
	assert.Equal(t, 40*time.Second, test.Steps[2].Within)
	assert.Equal(t, 2*time.Second, test.Steps[3].For)
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ more, want string }{
		{"", `g.boot: steps: missing: write steps = [expect("…")]`},
		{"steps = []", "g.boot:2: steps: is empty; leave it out, or write steps = [ expect"},
		{"steps = 'expect'", `g.boot:2: steps: is the string "expect"; it takes a list: steps = [ expect("…") ]`},
		{"steps = [\n  expect('a'),\n  'b']", `g.boot:4: steps: element 2 is the string "b"; each is made by expect, send, wait or end`},
		{"step = [expect('a')]", `g.boot:2: unknown key "step" (did you mean steps?)`},
		{"steps = [expct('a')]", "g.boot:2: undefined: expct"},
		{"steps = [\n  expect('a('),\n]", "g.boot:3: expect: error parsing regexp: missing closing ): `a(`"},
		{"steps = [expect('')]", "g.boot:2: expect: the pattern is empty"},
		{"steps = [expect('a', within = '5')]", `g.boot:2: expect: within: "5" is no time; write "30s"`},
		{"steps = [expect('a', within = 0)]", "g.boot:2: expect: within: 0s is no time that can be waited for"},
		{"steps = [expect('a', within = 16000000)]", "are too long; at most 24h"},
		{"steps = [expect('a', within = [])]", "expect: within: it is a list"},
		{"steps = [expect('a', timeout = '5s')]", `g.boot:2: expect: unexpected keyword argument "timeout"`},
		{"steps = [send()]", "g.boot:2: send: missing argument for text"},
		{`steps = [send('a\nb')]`, "g.boot:2: send: the text is typed as a line"},
		{"steps = [send('a' * 513)]", "at most 512 bytes"},
		{"steps = [wait('-1s')]", "g.boot:2: wait: -1s is no time"},
		{"steps = [end('explode')]", `g.boot:2: end: a guest can't be waited for to end by "explode"; poweroff, reboot, crash and watchdog are possible`},
		{"steps = [expect('a', guest = 'h')]", `g.boot:2: steps: there is no guest "h" here; there are g`},
		{"steps = [expect('a')]\ntimeout = []", "g.boot:3: timeout: it is a list"},
		{"steps = [expect('a')]\nnever = ['(']", "g.boot:3: never: error parsing regexp"},
		{"steps = [expect('a')]\nnever = [1]", "g.boot:3: never: element 1 is 1; each is a string, a regular expression"},
		{"steps = [expect('a')]\nmax_console = 5", `g.boot:3: max_console: is 5; it takes a size such as "64M"`},
		{"steps = [expect('a')]\nmax_console = 'much'", `g.boot:3: max_console: "much" is no size`},
		{"steps = [expect('a')]\nvolumes = ['a']", `g.boot:3: volumes: is a list; it takes names with sizes`},
		{"steps = [expect('a')]\nvolumes = {1: '1M'}", "g.boot:3: volumes: a volume's name is a string, not 1"},
		{"steps = [expect('a')]\nvolumes = {'a': '1K'}", "g.boot:3: volumes: \"a\": 1K are not whole MiB"},
		{"steps = [expect('a')]\nhost_cpus = 99", "g.boot:3: host_cpus: is 99; it takes a number of CPUs, 1 to 32"},
		{"steps = [expect('a')]\nemulator = 'vbox'", `g.boot:3: emulator: is the string "vbox"; it takes "qemu" or "bochs"`},
		{"steps = [expect('a')]\nbeside = ['lost.cfg']", "g.boot:3: beside: open lost.cfg: no such file"},
		{"steps = [expect('a')\n", "g.boot:3: syntax: "},
		{"steps = [expect('a')]; memry = 3", `unknown key "memry" (did you mean memory?)`},
	} {
		_, err := Parse("g.boot", []byte(guestKeys+test.more))
		assert.ErrorContains(t, err, test.want, "%s", test.more)
	}
	_, err := Parse("g.boot", []byte(guestKeys+"timeout = 'x'\nhost_cpus = 0\nsteps = [1]"))
	for _, want := range []string{"g.boot:2: timeout", "g.boot:3: host_cpus", "g.boot:4: steps"} {
		assert.ErrorContains(t, err, want, "all is said at once")
	}
}

func TestReadWithOthers(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	write("web.cfg", "name = 'web'; kernel = 'w'; memory = 8")
	write("g.cfg", guestKeys)
	write("bad.cfg", guestKeys+"vcpu = 2")
	test, err := Read(write("a.boot", guestKeys+"beside = ['web.cfg']\nsteps = [expect('a', guest = 'web'), expect('b')]"))
	require.NoError(t, err)
	assert.Equal(t, []string{"g", "web"}, test.names())
	assert.Equal(t, "web", test.Steps[0].Guest)
	assert.Equal(t, "g", test.Steps[1].Guest)

	_, err = Read(write("b.boot", guestKeys+"beside = ['g.cfg', 'bad.cfg']\nsteps = [expect('b')]"))
	assert.ErrorContains(t, err, `/g.cfg: name: `+dir+`/b.boot has a guest "g" too`)
	assert.ErrorContains(t, err, `/bad.cfg:2: unknown key "vcpu"`)
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.boot", "a/z.boot", "a/guest.cfg", "none/x.cfg"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	files, err := Find(dir, in("a"), in("a/../a/guest.cfg"))
	require.NoError(t, err)
	assert.Equal(t, []string{in("a/z.boot"), in("b.boot"), in("a/guest.cfg")}, files, "a file that is named need not have the extension")
	_, err = Find(in("none"), in("lost"))
	assert.ErrorIs(t, err, ErrNoTests)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
