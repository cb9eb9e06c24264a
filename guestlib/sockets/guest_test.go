//go:build tuco

package sockets

import (
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// grow needs more stack than a goroutine begins with.
//
//go:noinline
func grow(depth int) byte {
	var room [1 << 10]byte
	room[depth] = byte(depth)
	if depth > 0 {
		room[0] = grow(depth - 1)
	}
	return room[depth] + room[0]
}

// What is read into and written from a goroutine's stack is where the stack is then, though calls wait and the stack moves.
func TestMemoryOnStack(t *testing.T) {
	for range 20 {
		fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		require.NoError(t, err)
		type answer struct {
			text string
			err  error
		}
		read, written := make(chan answer), make(chan answer)
		go func() {
			var b [7]byte
			n, err := syscall.Read(fds[0], b[:]) // waits, and then has a message on its way on a small stack
			text := string(b[:n])
			grow(100)
			read <- answer{text, err}
		}()
		go func() {
			b := [7]byte{'s', 't', 'a', 'c', 'k', 'e', 'd'}
			runtime.GC()
			_, err := syscall.Write(fds[1], b[:])
			written <- answer{err: err}
		}()
		require.Equal(t, answer{}, <-written)
		require.Equal(t, answer{text: "stacked"}, <-read)
		require.NoError(t, syscall.Close(fds[0]))
		require.NoError(t, syscall.Close(fds[1]))
	}
}

// The program's own network, by package syscall.
func TestGuest(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	require.NotZero(t, name.(*syscall.SockaddrInet4).Port)
	require.NoError(t, syscall.Close(fd))
	_, err = syscall.Getsockname(fd)
	require.ErrorIs(t, err, syscall.EBADF)
}
