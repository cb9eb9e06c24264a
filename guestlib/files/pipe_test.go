package files

import (
	"bytes"
	"encoding/binary"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/soft"
)

// newPipe makes a pipe, and returns its ends.
func (p ours) newPipe(t *testing.T, flags int) (r, w int) {
	t.Helper()
	var ends [8]byte
	_, errno := p.call(syscall.SYS_PIPE2, ends[:], flags)
	require.Zero(t, errno)
	return int(binary.LittleEndian.Uint32(ends[:])), int(binary.LittleEndian.Uint32(ends[4:]))
}

func (p ours) ready(number int) soft.Ready {
	h := p.numbers.(*hostNumbers)
	h.lock.Lock()
	defer h.lock.Unlock()
	return soft.Ready(h.ready[number])
}

func TestPipeReady(t *testing.T) {
	p := newOurs(t)
	r, w := p.newPipe(t, syscall.O_NONBLOCK)
	require.Equal(t, soft.Ready(0), p.ready(r))
	require.Equal(t, soft.Out, p.ready(w))
	b := make([]byte, 100_000)
	_, errno := p.call(syscall.SYS_READ, r, b, 1)
	require.Equal(t, syscall.EAGAIN, errno)

	n, errno := p.call(syscall.SYS_WRITE, w, b, len(b))
	require.Zero(t, errno)
	require.Equal(t, uintptr(pipeSize), n)
	require.Equal(t, soft.In, p.ready(r))
	require.Equal(t, soft.Ready(0), p.ready(w))
	_, errno = p.call(syscall.SYS_WRITE, w, b, 1)
	require.Equal(t, syscall.EAGAIN, errno)

	_, errno = p.call(syscall.SYS_READ, r, b, 10)
	require.Zero(t, errno)
	require.Equal(t, soft.Ready(0), p.ready(w), "there is no room for what is written in one go")
	_, errno = p.call(syscall.SYS_WRITE, w, b, 11)
	require.Equal(t, syscall.EAGAIN, errno, "what is short is not torn apart")
	_, errno = p.call(syscall.SYS_READ, r, b, pipeAtomic)
	require.Zero(t, errno)
	require.Equal(t, soft.Out, p.ready(w))

	also, errno := p.call(syscall.SYS_DUP, w)
	require.Zero(t, errno)
	p.call(syscall.SYS_CLOSE, w)
	require.Equal(t, soft.In, p.ready(r), "somebody has the other end still")
	p.call(syscall.SYS_CLOSE, int(also))
	require.Equal(t, soft.In|soft.HangUp|soft.ReadHangUp, p.ready(r))
	for n = 1; n > 0; {
		n, errno = p.call(syscall.SYS_READ, r, b, len(b))
		require.Zero(t, errno)
	}
}

func TestPipeBroken(t *testing.T) {
	p := newOurs(t)
	r, w := p.newPipe(t, 0)
	p.call(syscall.SYS_CLOSE, r)
	require.Equal(t, soft.Out|soft.Error, p.ready(w))
	_, errno := p.call(syscall.SYS_WRITE, w, []byte("x"), 1)
	require.Equal(t, syscall.EPIPE, errno)
	_, errno = p.call(syscall.SYS_LSEEK, w, 0, 0)
	require.Equal(t, syscall.ESPIPE, errno)
	_, errno = p.call(syscall.SYS_READ, w, make([]byte, 1), 1)
	require.Equal(t, syscall.EBADF, errno)
}

// A pipe that is not in non-blocking mode has its ends wait.
func TestPipeWaits(t *testing.T) {
	p := newOurs(t)
	r, w := p.newPipe(t, 0)
	want := bytes.Repeat([]byte("0123456789"), 30_000)
	go func() {
		p.call(syscall.SYS_WRITE, w, want, len(want))
		p.call(syscall.SYS_CLOSE, w)
	}()
	var got []byte
	for b := make([]byte, 7000); ; {
		n, errno := p.call(syscall.SYS_READ, r, b, len(b))
		require.Zero(t, errno)
		if n == 0 {
			break
		}
		got = append(got, b[:n]...)
	}
	require.True(t, bytes.Equal(want, got))
}

func TestNamedPipeAlone(t *testing.T) {
	p := newOurs(t)
	_, errno := p.call(syscall.SYS_MKNODAT, here, "/pipe", syscall.S_IFIFO|0o600, 0)
	require.Zero(t, errno)
	_, errno = p.call(syscall.SYS_OPENAT, here, "/pipe", syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
	require.Equal(t, syscall.ENXIO, errno)
	both, errno := p.call(syscall.SYS_OPENAT, here, "/pipe", syscall.O_RDWR, 0)
	require.Zero(t, errno)
	_, errno = p.call(syscall.SYS_WRITE, int(both), []byte("text"), 4)
	require.Zero(t, errno)
	b := make([]byte, 10)
	n, errno := p.call(syscall.SYS_READ, int(both), b, len(b))
	require.Zero(t, errno)
	require.Equal(t, "text", string(b[:n]))
	p.call(syscall.SYS_CLOSE, int(both))
	require.Empty(t, p.pipes)
}
