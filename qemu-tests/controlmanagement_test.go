//go:build boot

package qemutests

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/hypercall"
	"tuco/tools/tuco/client"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

// A host without a guest is asked over HTTP for all that there is: guests are made of files that are sent, talked to, stopped, asked to end and ended, volumes made,
// copied and taken out, and in the end the host is switched off.
func TestControlManagement(t *testing.T) {
	t.Parallel()
	const token = "the token of a test"
	sum := sha256.Sum256([]byte(token))
	files := ramdisk.Ramdisk{}
	files.AddText("api/token.sha256", hex.EncodeToString(sum[:]))
	packed := filepath.Join(t.TempDir(), "host.cpio")
	require.NoError(t, files.Write(packed))
	port := freePort(t)
	spec := host.Spec{
		CPUs: 2,
		Dom0: &host.Domain0{Kernel: controlImage, Ramdisk: packed, Args: "keep api=700", Memory: 96 * host.MiB},
		ExtraArgs: []string{
			"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:700", port), "-device", "virtio-net-pci,netdev=net",
		},
	}
	at, dir := fmt.Sprintf("127.0.0.1:%d", port), t.TempDir()
	keys := newKeyboard()
	done := make(chan error, 1)
	asked := &watcher{
		enough: func(seen string) bool { return strings.Contains(seen, `msg="management API"`) },
		act: func() {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				done <- manageHost(ctx, at, token, dir)
				_, _ = io.WriteString(keys.keys, "poweroff\r") // if it isn't off
			}()
		},
	}
	o := boot(t, spec, typing(keys), watching(asked))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	require.NoError(t, <-done, "%s", o.Console)
	assert.Contains(t, o.Console, "control: all guests have ended")
	assert.NotContains(t, o.Console, token)
	for domain := 1; domain <= 3; domain++ {
		requireLog(t, o, fmt.Sprintf(`(?m)^domain %d: gone`, domain))
	}
}

// managed is a host that is asked.
type managed struct {
	*client.Client
	ctx context.Context
	dir string // for files
}

// manageHost asks a host for everything.
func manageHost(ctx context.Context, at, token, dir string) error {
	stranger := client.New(at, "a guess")
	defer stranger.Close()
	if _, err := stranger.Host(ctx); !client.IsUnauthorized(err) {
		return fmt.Errorf("with a wrong token: %w", err)
	}
	m := &managed{client.New(at, token), ctx, dir}
	defer m.Close()
	h, err := m.Host(ctx)
	if err != nil || h.CPUs != 2 || h.Guests != 0 || h.Address != "10.0.2.15" || h.Memory.Free == 0 {
		return fmt.Errorf("the host: %+v, %w", h, err)
	}
	for what, do := range map[string]func() error{"a bad guest": m.badGuest, "volumes": m.volumes, "the trace": m.trace} {
		if err := do(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if err := m.talker(); err != nil {
		return fmt.Errorf("a guest that talks: %w", err)
	}
	if err := m.tenant(); err != nil {
		return fmt.Errorf("a guest that listens: %w", err)
	}
	v, err := m.Volumes(ctx)
	if err != nil || len(v.Volumes) != 3 {
		return fmt.Errorf("in the end, volumes: %+v, %w", v, err)
	}
	return m.PowerOff(ctx)
}

// wrong is the error of an answer that is not as it should be.
func wrong(what any, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%+v", what)
}

// trace looks at what the hypervisor does for the control domain: hypercalls, each with its end, in the order of time.
func (m *managed) trace() error {
	const wanted = 100
	t, err := m.Trace(m.ctx, "exit", "0")
	if err != nil || t.CPUs != 2 || t.TicksPerMillisecond == 0 {
		return wrong(t, err)
	}
	defer t.Close()
	calls, served, last := 0, 0, uint64(0)
	for calls < wanted || served < wanted {
		e, err := t.Next()
		if err != nil {
			return err
		}
		switch e.Event {
		case hypercall.CONTROLTRACE_lost:
			continue
		case hypercall.CONTROLTRACE_hypercall:
			calls++
			if hypercall.Lookup(hypercall.Number(uint32(e.A))) == nil {
				return fmt.Errorf("no such hypercall: %+v", e)
			}
		case hypercall.CONTROLTRACE_served:
			served++
		}
		if e.Event.Class() != hypercall.CONTROLTRACE_EXIT || e.VCPU>>16 != 0 || e.TSC < last {
			return fmt.Errorf("after time %d: %+v", last, e)
		}
		last = e.TSC
	}
	return nil
}

// badGuest sends what is no kernel, of which nothing stays.
func (m *managed) badGuest() error {
	text := "this is no kernel"
	_, err := m.Create(m.ctx, client.Guest{
		Config: []byte("name = 'bad'\nkernel = 'bad'\nmemory = 48"), Kernel: client.File{Name: "bad", Content: strings.NewReader(text), Size: int64(len(text))},
	}, nil)
	if refused := new(client.Error); !errors.As(err, &refused) || refused.Status != 400 || !strings.Contains(refused.Text, "kernel") {
		return fmt.Errorf("want 400: %w", err)
	}
	list, err := m.Domains(m.ctx)
	if err != nil || len(list) != 0 {
		return wrong(list, err)
	}
	return nil
}

// volumes makes a volume of an image, a snapshot of it and a clone of that, and takes the content out again.
func (m *managed) volumes() error {
	content := make([]byte, 1<<20)
	copy(content[300_000:], "something that is not nothing")
	v, err := m.Import(m.ctx, "data", wire.FormatRaw, client.File{Name: "data", Content: bytes.NewReader(content), Size: int64(len(content))}, nil)
	if err != nil || v.Size != int64(len(content)) || v.Allocated >= v.Size {
		return wrong(v, err)
	}
	if v, err = m.Snapshot(m.ctx, "data", "one"); err != nil || v.Name != "data@one" || !v.ReadOnly {
		return wrong(v, err)
	}
	if v, err = m.CloneVolume(m.ctx, "data@one", "copy"); err != nil || v.Shared == 0 {
		return wrong(v, err)
	}
	var got bytes.Buffer
	if err := m.Export(m.ctx, "copy", wire.FormatRaw, &got, nil); err != nil || !bytes.Equal(content, got.Bytes()) {
		return wrong("the content is another", err)
	}
	return nil
}

// create makes a guest of one of the test programs.
func (m *managed) create(name, program, keys string, files *client.File) error {
	kernel, err := os.Open(filepath.Join(programDir, program))
	if err != nil {
		return err
	}
	defer kernel.Close()
	info, err := kernel.Stat()
	if err != nil {
		return err
	}
	d, err := m.Create(m.ctx, client.Guest{
		Config: fmt.Appendf(nil, "name = %q\nkernel = %q\n%s", name, program, keys), Kernel: client.File{Name: program, Content: kernel, Size: info.Size()}, Ramdisk: files,
	}, nil)
	if err != nil || d.State != "running" || d.Domain == 0 || d.Memory == 0 {
		return wrong(d, err)
	}
	return nil
}

// talker has a ramdisk, which it shows on its console, and reads what is typed there.
func (m *managed) talker() error {
	files := ramdisk.Ramdisk{}
	files.AddText("greeting", "greetings from the ramdisk\n")
	at := filepath.Join(m.dir, "files.cpio")
	if err := files.Write(at); err != nil {
		return err
	}
	archive, err := os.ReadFile(at)
	if err != nil {
		return err
	}
	packed := client.File{Name: "files", Content: bytes.NewReader(archive), Size: int64(len(archive))}
	if err := m.create("talker", "hello.elf", "memory = 48\nramdisk = 'files'\nextra = 'cat=/greeting lines'", &packed); err != nil {
		return err
	}
	console, err := m.Console(m.ctx, "talker")
	if err != nil {
		return err
	}
	defer console.Close()
	s := &session{from: console}
	if err := s.hear("greetings from the ramdisk", "hello: type something"); err != nil {
		return err
	}
	if _, err := io.WriteString(console, "by HTTP\n"); err != nil {
		return err
	}
	if err := s.hear(`hello: line "by HTTP"`); err != nil {
		return err
	}
	history, err := m.History(m.ctx, "talker")
	if err != nil || !strings.Contains(string(history), "greetings") {
		return wrong(string(history), err)
	}
	if err := m.Destroy(m.ctx, "talker"); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, console); err != nil {
		return fmt.Errorf("the console of a guest that is gone: %w", err)
	}
	return nil
}

// tenant is paused and let go on, and then asked to end, which it does; then it is made again, and ended without being asked.
func (m *managed) tenant() error {
	const keys = "memory = 64\ndisk = ['vol:data,xvda']\nvif = ['']"
	if err := m.create("tenant", "tenant.elf", keys, nil); err != nil {
		return err
	}
	console, err := m.Console(m.ctx, "tenant")
	if err != nil {
		return err
	}
	defer console.Close()
	s := &session{from: console}
	if err := s.hear("the store is as it should be"); err != nil {
		return err
	}
	if err := m.Pause(m.ctx, "tenant"); err != nil {
		return err
	}
	d, err := m.Domain(m.ctx, "tenant")
	if err != nil || d.State != "paused" || d.CPUTime == 0 || len(d.Disks) != 1 || d.Disks[0].Volume != "data" || len(d.NICs) != 1 || d.NICs[0].Address == "" {
		return wrong(d, err)
	}
	if err := m.Unpause(m.ctx, "tenant"); err != nil {
		return err
	}
	if err := m.metrics(); err != nil {
		return err
	}
	if err := m.Shutdown(m.ctx, "tenant"); err != nil {
		return err
	}
	if err := s.hear("tenant: asked to power off"); err != nil {
		return err
	}
	if err := m.gone("tenant"); err != nil {
		return err
	}
	if err := m.create("tenant", "tenant.elf", keys, nil); err != nil {
		return err
	}
	if err := m.Destroy(m.ctx, "tenant"); err != nil {
		return err
	}
	return m.gone("tenant")
}

// gone waits until a guest is no more.
func (m *managed) gone(name string) error {
	for {
		_, err := m.Domain(m.ctx, name)
		if client.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-m.ctx.Done():
			return m.ctx.Err()
		}
	}
}

// metrics looks for figures of each kind.
func (m *managed) metrics() error {
	text, err := m.Metrics(m.ctx)
	if err != nil {
		return err
	}
	for _, figure := range []string{
		"tuco_memory_free_bytes ", `tuco_domain_cpu_seconds_total{domain="0",name="Domain-0"} `, `tuco_guest_state{guest="tenant",state="running"} 1`,
		`tuco_disk_reads_total{guest="tenant",vdev="xvda",volume="data"} `, `tuco_nic_sent_frames_total{guest="tenant",nic="tenant"} `,
		`tuco_volume_size_bytes{volume="data"} 1.048576e+06`, "go_gc_pauses_seconds_count ",
	} {
		if !strings.Contains(string(text), "\n"+figure) {
			return fmt.Errorf("metrics: no %s in\n%s", figure, text)
		}
	}
	return nil
}

// session is a console's output as it comes.
type session struct {
	from io.Reader
	seen []byte
}

// hear reads until all texts have been seen.
func (s *session) hear(texts ...string) error {
	piece := make([]byte, 4096)
	for _, text := range texts {
		for !bytes.Contains(s.seen, []byte(text)) {
			n, err := s.from.Read(piece)
			s.seen = append(s.seen, piece[:n]...)
			if err != nil {
				return fmt.Errorf("the console ends before %q: %w: %s", text, err, s.seen)
			}
		}
	}
	return nil
}
