package cmdline

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/text"
)

func texts(o *Options) []string {
	var l text.Line
	var out []string
	list, _ := o.Warnings()
	for k := range list {
		out = append(out, string(list[k].Text(&l)))
	}
	return out
}

func TestParse(t *testing.T) {
	const ignored = " is ignored: "
	for line, c := range map[string]struct {
		change func(*Options)
		warn   string
	}{
		"":              {},
		" \t\r\n ":      {},
		"selftest":      {change: func(o *Options) { o.SelfTest = true }},
		"selftest=on":   {change: func(o *Options) { o.SelfTest = true }},
		"selftest=1":    {change: func(o *Options) { o.SelfTest = true }},
		"selftest=off":  {},
		"no-selftest":   {},
		"no-selftest=0": {change: func(o *Options) { o.SelfTest = true }},
		"selftest=perhaps": {
			warn: `command line: "selftest=perhaps" is ignored: selftest takes on or off`,
		},
		"noreboot":           {change: func(o *Options) { o.NoReboot = true }},
		"noreboot noreboot=": {change: func(o *Options) { o.NoReboot = true }, warn: `command line: "noreboot=" is ignored: noreboot takes on or off`},
		"sync-console":       {},
		"stub":               {change: func(o *Options) { o.Stub = true }},
		"stub=off":           {},
		"no-stub":            {},
		"selftest stay":      {change: func(o *Options) { o.SelfTest = true; o.Stay = true }},
		"counts":             {change: func(o *Options) { o.Counts = true }},
		"loglvl=debug":       {change: func(o *Options) { o.LogLevel = LogDebug }},
		"loglvl=all":         {change: func(o *Options) { o.LogLevel = LogDebug }},
		"loglvl=error":       {change: func(o *Options) { o.LogLevel = LogError }},
		"loglvl='warning'":   {change: func(o *Options) { o.LogLevel = LogWarning }},
		"loglvl":             {warn: `command line: "loglvl" is ignored: loglvl takes error, warning, info, debug or all`},
		"loglvl=loud":        {warn: `command line: "loglvl=loud" is ignored: loglvl takes error, warning, info, debug or all`},
		"maxcpus=1":          {change: func(o *Options) { o.MaxCPUs = 1 }},
		"maxcpus=3 maxcpus=5": {
			change: func(o *Options) { o.MaxCPUs = 5 },
		},
		"maxcpus=0":    {warn: `command line: "maxcpus=0" is ignored: maxcpus takes a number from 1 to 32`},
		"maxcpus=33":   {warn: `command line: "maxcpus=33" is ignored: maxcpus takes a number from 1 to 32`},
		"maxcpus=-1":   {warn: `command line: "maxcpus=-1" is ignored: maxcpus takes a number from 1 to 32`},
		"crash=nil":    {change: func(o *Options) { o.Crash = CrashNil }},
		"crash=heap":   {change: func(o *Options) { o.Crash = CrashHeap }},
		"crash=xyz":    {warn: `command line: "crash=xyz" is ignored: crash takes none, bounds, nil, stack, guard, bug, divide, text, execute, fault-in-handler, in-interrupt, after-exit, heap or triple-fault`},
		"no-crash":     {warn: `command line: "no-crash" is not an option; it is ignored`},
		"trace=off":    {change: func(o *Options) { o.Trace = 0 }},
		"trace=on":     {change: func(o *Options) { o.Trace = ^uint32(0) }},
		"trace=0x11":   {change: func(o *Options) { o.Trace = 0x11 }},
		"trace=1":      {change: func(o *Options) { o.Trace = 1 }},
		"trace=1ffff1": {warn: `command line: "trace=1ffff1"` + ignored + `trace takes on, off or a mask of 32 bits`},
		"trace=0x100000000": {
			warn: `command line: "trace=0x100000000" is ignored: trace takes on, off or a mask of 32 bits`,
		},
		"selftset":        {warn: `command line: "selftset" is not an option; it is ignored (did you mean selftest?)`},
		"dom0_memory=1G":  {warn: `command line: "dom0_memory=1G" is not an option; it is ignored (did you mean dom0_mem?)`},
		"quiet":           {warn: `command line: "quiet" is not an option; it is ignored`},
		"\x1b[2J=\"a b\"": {warn: `command line: "\x1b[2J=a b" is not an option; it is ignored`},
		"=":               {warn: `command line: "=" is not an option; it is ignored`},
		`""`:              {warn: `command line: "" is not an option; it is ignored`},
		`"self"test`:      {change: func(o *Options) { o.SelfTest = true }},
		`selftest "loglvl=debug`: {
			change: func(o *Options) { o.SelfTest = true },
			warn:   `command line: "\"loglvl=debug" has a quote that never ends; it is ignored`,
		},
		"selftest -- console=hvc0 crash=nil": {
			change: func(o *Options) { o.SelfTest = true },
			warn:   `command line: "--" and what follows is ignored: domain 0's arguments are in the boot bundle`,
		},
		"selftest\x00noreboot": {change: func(o *Options) { o.SelfTest = true }},
		"x" + strings.Repeat("y", 300) + " selftest": {
			change: func(o *Options) { o.SelfTest = true },
			warn:   `command line: "x` + strings.Repeat("y", 47) + `" is longer than 256 bytes; it is ignored`,
		},
		"dom0_mem=512": {
			change: func(o *Options) { o.Dom0Mem.size = amount{given: true, bytes: 512 << 10} },
			warn:   `command line: "512" is very little memory for domain 0; without a suffix, dom0_mem counts KiB`,
		},
	} {
		t.Run(line, func(t *testing.T) {
			want := Default()
			if c.change != nil {
				c.change(&want)
			}
			got := Parse([]byte(line))
			var warned []string
			if c.warn != "" {
				warned = []string{c.warn}
			}
			assert.Equal(t, warned, texts(&got))
			got.warnings, got.nWarnings = want.warnings, 0
			assert.Equal(t, want, got)
		})
	}
}

func TestDom0Mem(t *testing.T) {
	const conf, avail = 256 << 20, 1 << 30
	for v, want := range map[string]uint64{
		"512M":                512 << 20,
		"524288":              512 << 20,
		"max:128M":            128 << 20,
		"max:512M":            conf,
		"min:512M":            512 << 20,
		"min:128M,max:300M":   conf,
		"64M,min:128M":        128 << 20,
		"min:128M,64M":        128 << 20,
		"600M,max:512M":       512 << 20,
		"2G":                  avail,
		"min:2G":              avail,
		"-256M":               768 << 20,
		"-2G":                 0,
		"-2G,min:64M":         64 << 20,
		"512M,max:-768M":      256 << 20,
		"1T":                  avail,
		"0x200M":              512 << 20,
		"1048576B":            1 << 20,
		"min:1M,max:2M,1536K": 1536 << 10,
	} {
		o := Parse([]byte("dom0_mem=" + v))
		require.Empty(t, texts(&o), v)
		assert.Equal(t, want, o.Dom0Mem.Bytes(conf, avail), v)
	}
	for _, v := range []string{"", ",", "512M,", "50%", "1G+10%", "min:", "max:", "mid:1M", "512MB", "lots", "--1M", "99999999999T"} {
		o := Parse([]byte("dom0_mem=" + v))
		require.Len(t, texts(&o), 1, v)
		assert.Contains(t, texts(&o)[0], "dom0_mem takes SIZE, min:SIZE and max:SIZE", v)
		assert.EqualValues(t, conf, o.Dom0Mem.Bytes(conf, avail), v)
	}
}

func TestDom0MaxVCPUs(t *testing.T) {
	for _, c := range []struct {
		v                      string
		configured, cpus, want int
	}{
		{"3", 1, 8, 3}, {"2-4", 1, 8, 4}, {"2-4", 8, 1, 2}, {"2-4", 8, 3, 3},
		{"2-", 1, 8, 2}, {"2-", 4, 8, 4}, {"-2", 4, 8, 2}, {"-2", 1, 8, 1}, {"128", 1, 1, 128},
	} {
		o := Parse([]byte("dom0_max_vcpus=" + c.v))
		require.Empty(t, texts(&o), c.v)
		assert.Equal(t, c.want, o.Dom0MaxVCPUs.Count(c.configured, c.cpus), c.v)
	}
	for _, v := range []string{"", "0", "129", "-", "4-2", "0-2", "2-0", "a", "1-2-3"} {
		o := Parse([]byte("dom0_max_vcpus=" + v))
		require.Len(t, texts(&o), 1, v)
		assert.Equal(t, 5, o.Dom0MaxVCPUs.Count(5, 8), v)
	}
}

func TestEveryOptionDoesSomething(t *testing.T) {
	values := map[id]string{
		crash: "nil", dom0MaxVCPUs: "2", dom0Mem: "64M", logLevel: "debug", maxCPUs: "2", trace: "off",
	}
	seen := map[id]bool{}
	for _, opt := range table {
		require.NotZero(t, opt.id)
		require.False(t, seen[opt.id])
		require.Same(t, find([]byte(opt.name)), find([]byte(strings.ReplaceAll(opt.name, "_", "-"))))
		seen[opt.id] = true
		word := opt.name
		if !opt.boolean {
			require.Contains(t, values, opt.id)
			word += "=" + values[opt.id]
		}
		o := Parse([]byte(word))
		assert.Empty(t, texts(&o), word)
		if opt.id != syncConsole { // accepted as in Xen; it is always so
			assert.NotEqual(t, Default(), o, word)
		}
	}
	assert.Len(t, seen, int(trace), "an id without a row")
}

func TestWarningsAreBounded(t *testing.T) {
	o := Parse([]byte(strings.Repeat("x ", 2000)))
	list, dropped := o.Warnings()
	assert.Len(t, list, maxWarnings)
	assert.Equal(t, 2000-maxWarnings, dropped)
}

func TestCrashNames(t *testing.T) {
	for k := CrashNone; k <= CrashTripleFault; k++ {
		o := Parse([]byte("crash=" + k.String()))
		assert.Empty(t, texts(&o))
		assert.Equal(t, k, o.Crash)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("selftest dom0_mem=512M,max:1G dom0_max_vcpus=1-2 loglvl='all' maxcpus=4 noreboot crash=nil trace=0xff"))
	f.Add([]byte(`no-selftest "sync_console=off -- a`))
	f.Add([]byte("dom0_mem=-1,min:1B,max:16777216T x=y"))
	f.Fuzz(func(t *testing.T, line []byte) {
		o := Parse(line)
		if o.MaxCPUs < 1 || o.MaxCPUs > CPULimit || o.Crash > CrashTripleFault || o.LogLevel > LogDebug {
			t.Fatalf("impossible options %+v", o)
		}
		if n := o.Dom0Mem.Bytes(1<<28, 1<<30); n > 1<<30 {
			t.Fatalf("domain 0 gets %d bytes", n)
		}
		if n := o.Dom0MaxVCPUs.Count(2, 4); n < 1 || n > maxVCPUs {
			t.Fatalf("domain 0 gets %d vCPUs", n)
		}
		texts(&o)
	})
}
