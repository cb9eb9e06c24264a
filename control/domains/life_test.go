package domains

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

func TestLife(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{})
	require.NoError(t, m.Create(guestFile("a", "disk = ['vol:a,xvda']\nvcpus = 2\ncap = 150\ncpu_weight = 7")))
	l := m.List()
	require.Len(t, l, 1)
	assert.Equal(t, Running, l[0].State)
	d := w.domains[l[0].ID]
	assert.Equal(t, Limits{Name: "a", Handle: d.limits.Handle, Pages: 1280, VCPUs: 2, Weight: 7, Cap: 150}, d.limits)
	assert.NotZero(t, d.limits.Handle)
	assert.False(t, d.status.Paused)

	require.NoError(t, m.Pause("a"))
	assert.True(t, d.status.Paused)
	assert.EqualError(t, m.Pause("a"), `guest "a" is paused, not running`)
	assert.EqualError(t, m.Shutdown("a", Poweroff), `guest "a" is paused and would not hear of it; unpause it first, or destroy it`)
	require.NoError(t, m.Unpause("a"))
	assert.False(t, d.status.Paused)
	assert.ErrorIs(t, m.Unpause("a"), ErrState)
	assert.EqualError(t, m.Shutdown("a", "explode"), `a guest can be asked for poweroff or reboot, not for "explode"`)

	require.NoError(t, m.Shutdown("a", Reboot))
	require.NoError(t, m.Shutdown("a", Poweroff))
	assert.Equal(t, []string{"a reboot", "a poweroff"}, w.asked)
	require.NoError(t, m.Poll())
	assert.Len(t, m.List(), 1, "it has not ended")
	w.end(m, "a", hypercall.SHUTDOWN_poweroff)
	require.NoError(t, m.Poll())
	assert.Empty(t, m.List())
	assert.Empty(t, m.Reports(""), "a power off is no crash")
	w.check(m)
}

func TestPolicies(t *testing.T) {
	const destroyed = State("")
	for _, c := range []struct {
		file   string
		reason uint32
		want   State
		why    string
	}{
		{"", hypercall.SHUTDOWN_poweroff, destroyed, ""},
		{"", hypercall.SHUTDOWN_reboot, Running, ""},
		{"", hypercall.SHUTDOWN_crash, destroyed, ""},
		{"on_poweroff = 'preserve'", hypercall.SHUTDOWN_poweroff, Ended, "power off"},
		{"on_poweroff = 'restart'", hypercall.SHUTDOWN_poweroff, Running, ""},
		{"on_reboot = 'destroy'", hypercall.SHUTDOWN_reboot, destroyed, ""},
		{"on_reboot = 'preserve'", hypercall.SHUTDOWN_reboot, Ended, "reboot"},
		{"on_crash = 'restart'", hypercall.SHUTDOWN_watchdog, Running, ""},
		{"on_crash = 'preserve'", hypercall.SHUTDOWN_crash, Ended, "crash"},
		{"on_crash = 'preserve'", hypercall.SHUTDOWN_suspend, Ended, "suspend"},
		{"on_crash = 'preserve'", 77, Ended, "reason 77"},
	} {
		t.Run(c.file+" "+reasonName(c.reason), func(t *testing.T) {
			w := newWorld(t)
			m := w.manager(Quota{})
			require.NoError(t, m.Create(guestFile("a", c.file)))
			old := m.List()[0].ID
			w.end(m, "a", c.reason)
			require.NoError(t, m.Poll())
			require.NoError(t, m.Poll())
			l := m.List()
			switch c.want {
			case destroyed:
				assert.Empty(t, l)
			case Running:
				assert.NotEqual(t, old, l[0].ID)
				fallthrough
			default:
				assert.Equal(t, c.want, l[0].State)
				assert.Equal(t, c.why, l[0].Why)
			}
			crashed := c.reason > hypercall.SHUTDOWN_reboot
			assert.Equal(t, crashed, len(m.Reports("a")) == 1)
			w.check(m)
			clean(w, m)
		})
	}
}

func TestReports(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{})
	for k := range MaxReports + 3 {
		name := fmt.Sprint("g", k)
		require.NoError(t, m.Create(guestFile(name, "")))
		w.now = w.now.Add(time.Minute)
		w.end(m, name, hypercall.SHUTDOWN_crash)
		require.NoError(t, m.Poll())
	}
	all := m.Reports("")
	require.Len(t, all, MaxReports)
	assert.Equal(t, "g3", all[0].Guest, "the oldest went")
	r := m.Reports("g9")[0]
	assert.Equal(t, "crash", r.Reason)
	assert.Equal(t, time.Minute, r.Lived)
	assert.Equal(t, map[string]string{"console": "the end of g9"}, r.Texts)

	again := w.manager(Quota{})
	require.NoError(t, again.Restore())
	assert.Len(t, again.Reports(""), MaxReports, "they outlive the toolstack")
}

func TestEvidenceIsBounded(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{})
	m.Evidence = []Evidence{
		{"console", func(*Instance) (string, error) { return strings.Repeat("x", 1<<20) + "panic", nil }},
		{"registers", func(*Instance) (string, error) { return "", errFault }},
	}
	require.NoError(t, m.Create(guestFile("a", "")))
	w.end(m, "a", hypercall.SHUTDOWN_crash)
	require.NoError(t, m.Poll())
	texts := m.Reports("a")[0].Texts
	assert.Len(t, texts["console"], maxEvidence)
	assert.True(t, strings.HasSuffix(texts["console"], "xpanic"))
	assert.Equal(t, "not to be had: a fault that the test made", texts["registers"])
}

// TestCrashLoop: a guest that crashes at once is not started for ever; one that lives between its crashes is.
func TestCrashLoop(t *testing.T) {
	for _, c := range []struct {
		lives time.Duration
		want  State
	}{{time.Second, Failed}, {time.Minute, Running}} {
		w := newWorld(t)
		m := w.manager(Quota{})
		require.NoError(t, m.Create(guestFile("a", "on_crash = 'restart'")))
		for range 10 {
			w.now = w.now.Add(c.lives)
			w.end(m, "a", hypercall.SHUTDOWN_crash)
			require.NoError(t, m.Poll())
			w.check(m)
		}
		require.Equal(t, c.want, m.List()[0].State)
		if c.want == Failed {
			assert.Equal(t, "it ended 3 times within 10s of its start, the last time by crash; see its console and reports", m.List()[0].Why)
			assert.EqualError(t, m.Shutdown("a", Poweroff), `guest "a" is failed, not running`)
		}
		clean(w, m)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{Guests: 3, Memory: 20, VCPUs: 4})
	assert.EqualError(t, m.Destroy("a"), `there is no guest "a", nor any other; create makes one of a guest.cfg`)
	m.Own = guestFile("control-domain", "iomem = ['febd0,4']")
	require.NoError(t, m.Create(guestFile("a", "disk = ['vol:rw,xvda','vol:ro,xvdb,r']\nvif = ['mac=00:16:3e:00:00:01']\nioports = ['2f8-2ff']\niomem = ['fed00,1', 'a0,10']")))
	for _, d := range w.domains {
		assert.Equal(t, []string{"2f8-2ff", "fed00,1", "a0,10"}, d.parts)
	}
	require.NoError(t, m.Create(guestFile("b", "disk = ['vol:ro,xvda,r']")))
	for _, c := range []struct {
		name, more string
		kind       error
		want       string
	}{
		{"a", "", ErrExists, `there is a guest "a" already, running; destroy it, or give the new one another name`},
		{"c", "memory = 11", ErrQuota, "memory: with 11 MiB more, guests would have 21 MiB; the quota is 20"},
		{"c", "vcpus = 3", ErrQuota, "vcpus: with 3 more, guests would have 5; the quota is 4"},
		{"c", "disk = ['vol:rw,xvda,r']", ErrConflict, `disk: the volume rw is xvda of guest "a"; a writable volume is one guest's: make a clone of it, or attach both with access=r`},
		{"c", "disk = ['vol:ro,xvda']", ErrConflict, ""},
		{"c", "vif = ['mac=00:16:3e:00:00:01']", ErrConflict, `vif: the mac 00:16:3e:00:00:01 is guest "a"'s; give this guest another one`},
		{"c", "ioports = ['100', '2ff-300']", ErrConflict, `ioports: of the ports 2ff-300, 2f8-2ff are guest "a"'s; a device is one's alone`},
		{"c", "iomem = ['fecff,2']", ErrConflict, `iomem: of the pages fecff,2, fed00,1 are guest "a"'s; a device is one's alone`},
		{"c", "iomem = ['febd0,1']", ErrConflict, "iomem: of the pages febd0,1, febd0,4 are the control domain's; a device is one's alone"},
		{"c", "ioports = ['30']\niomem = ['ff,2']", ErrConflict, "iomem: the pages ff,2 can't be given: some are the hypervisor's, or RAM, or of a guest that is being taken apart; name others, or try again when it is gone"},
		{"c", "ioports = ['20-21']", ErrConflict, "ioports: the ports 20-21 can't be given: some are the hypervisor's, or RAM, or of a guest that is being taken apart; name others, or try again when it is gone"},
		{"c", "memory = 1", ErrConfig, "kernel kernel: memory of 1 MiB is too small: the kernel ends at 1 MiB; with page tables and all it needs at least 4 MiB"},
		{"c", "kernel = 'text'", ErrConfig, `kernel text: it is no ELF file but something that begins with "no kerne": the hypervisor takes ELF only`},
		{"c", "kernel = 'lost'", ErrConfig, "kernel: lost: no such file"},
		{"c", "ramdisk = 'lost'", ErrConfig, "ramdisk: lost: no such file"},
	} {
		g := guestFile(c.name, "")
		if key, value, ok := strings.Cut(c.more, " = "); ok {
			switch key {
			case "memory":
				fmt.Sscan(value, &g.Memory)
			case "kernel":
				g.Kernel = strings.Trim(value, "'")
			default:
				g = guestFile(c.name, c.more)
			}
		}
		err := m.Create(g)
		require.ErrorIs(t, err, c.kind, c.want)
		if c.want != "" {
			assert.EqualError(t, err, c.want)
		}
		w.check(m)
	}
	require.NoError(t, m.Create(guestFile("c", "")))
	assert.EqualError(t, m.Create(guestFile("d", "")), "there are 3 guests, and the quota is 3; destroy one")
	assert.EqualError(t, m.Destroy("d"), `there is no guest "d"; there are a, b, c`)
	clean(w, m)
}

func TestBadRecords(t *testing.T) {
	for text, want := range map[string]string{
		"{":              "the record of guests is damaged (unexpected end of JSON input); start the host once with the word forget, and create the guests again",
		`{"version":9}`:  "the record of guests has version 9, and this control domain knows version 1; use the one that wrote it",
		`{"version":"x"`: "the record of guests is damaged (unexpected end of JSON input); start the host once with the word forget, and create the guests again",
	} {
		w := newWorld(t)
		w.document = []byte(text)
		assert.EqualError(t, w.manager(Quota{}).Restore(), want)
	}
}

// TestRestore: a guest whose kernel is lost does not keep the others waiting, and is in the list with the reason.
func TestRestore(t *testing.T) {
	old := newWorld(t)
	m := old.manager(Quota{})
	lost := guestFile("lost", "")
	require.NoError(t, m.Create(lost))
	require.NoError(t, m.Create(guestFile("preserved", "on_crash = 'preserve'")))
	require.NoError(t, m.Create(guestFile("web", "")))
	old.end(m, "preserved", hypercall.SHUTDOWN_crash)
	require.NoError(t, m.Poll())

	w := newWorld(t)
	w.document = []byte(strings.Replace(string(old.document), `"kernel":"kernel"`, `"kernel":"gone"`, 1))
	m = w.manager(Quota{})
	const why = `guest "lost" can't be started again: kernel: gone: no such file`
	assert.EqualError(t, m.Restore(), why)
	l := m.List()
	assert.Equal(t, []State{Failed, Ended, Running}, []State{l[0].State, l[1].State, l[2].State})
	assert.Equal(t, why, l[0].Why)
	assert.Equal(t, "crash; its memory went with the host's restart", l[1].Why)
	w.check(m)
	clean(w, m)
}

// TestSomebodyElseDestroys: a domain that is gone without our doing is a crash.
func TestSomebodyElseDestroys(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{})
	require.NoError(t, m.Create(guestFile("a", "on_crash = 'restart'")))
	delete(w.domains, m.List()[0].ID)
	require.NoError(t, m.Poll())
	assert.Equal(t, Running, m.List()[0].State)
	w.check(m)
	clean(w, m)
}

// TestAtTheSameTime: commands of many, about the same guests, while guests end.
func TestAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{Guests: 3})
	var all sync.WaitGroup
	for k := range 6 {
		all.Go(func() {
			for n := range 30 {
				name := fmt.Sprint("g", (k+n)%4)
				switch (k*7 + n) % 6 {
				case 0, 1:
					_ = m.Create(guestFile(name, "on_crash = 'restart'"))
				case 2:
					_ = m.Pause(name)
					_ = m.Unpause(name)
				case 3:
					w.end(m, name, hypercall.SHUTDOWN_crash)
				case 4:
					_ = m.Poll()
				case 5:
					_ = m.Destroy(name)
				}
				m.List()
			}
		})
	}
	all.Wait()
	w.check(m)
	clean(w, m)
}

// A guest's share of the CPUs is changed in part or as a whole, and stays changed when the guest, or the host, starts again.
func TestSchedule(t *testing.T) {
	w := newWorld(t)
	m := w.manager(Quota{})
	require.NoError(t, m.Create(guestFile("a", "vcpus = 2\ncpu_weight = 100")))
	number := func(n int) *int { return &n }
	shares := func() (all [][2]int) {
		for _, i := range m.List() {
			all = append(all, [2]int{i.Config.Weight, i.Config.Cap})
		}
		for _, d := range w.domains {
			all = append(all, [2]int{d.limits.Weight, d.limits.Cap})
		}
		return all
	}
	both := func(weight, limit int) [][2]int { return [][2]int{{weight, limit}, {weight, limit}} }
	require.NoError(t, m.SetSchedule("a", number(300), nil))
	assert.Equal(t, both(300, 0), shares())
	require.NoError(t, m.SetSchedule("a", nil, number(200)))
	assert.Equal(t, both(300, 200), shares())
	for want, to := range map[string][2]*int{
		"cpu_weight: 0 is no weight; 1 to 65535 are possible":                                {number(0), nil},
		"cpu_weight: 65536 is no weight; 1 to 65535 are possible":                            {number(65536), number(1)},
		`cap: guest "a" has 2 vCPUs, which can use 1 to 200 percent of a CPU; 0 is no limit`: {number(7), number(201)},
	} {
		err := m.SetSchedule("a", to[0], to[1])
		require.ErrorIs(t, err, ErrConfig)
		assert.EqualError(t, err, want)
		assert.Equal(t, both(300, 200), shares())
	}
	assert.ErrorIs(t, m.SetSchedule("b", number(1), nil), ErrNotFound)
	for k := range 2 { // the hypervisor fails, or the record
		bad := w.calls + 1 + k
		w.fails = func(call int) bool { return call == bad }
		require.ErrorIs(t, m.SetSchedule("a", number(5), number(5)), errFault)
		w.fails = nil
		assert.Equal(t, both(300, 200), shares())
	}
	w.domains = map[ID]*fakeDomain{} // the host has started again
	m = w.manager(Quota{})
	require.NoError(t, m.Restore())
	assert.Equal(t, both(300, 200), shares())
}
