//go:build tuco

package calls

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"

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

// onFreshStack runs in a goroutine whose stack is small.
func onFreshStack(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// A handler grows the stack that the caller's buffer lies on, and collects garbage, and writes to the buffer where it is then.
func TestStackMoves(t *testing.T) {
	for _, raw := range []bool{false, true} {
		moved := 0
		handlers[once].Store(nil)
		Handle(func(c Call) (uintptr, syscall.Errno, bool) {
			b := c.Bytes(0, 1)
			before := uintptr(unsafe.Pointer(&b[0]))
			grow(100)
			runtime.GC()
			if uintptr(unsafe.Pointer(&b[0])) != before {
				moved++
			}
			copy(b, "written")
			return uintptr(len(b)), 0, true
		}, once)
		for range 10 {
			onFreshStack(func() {
				var b [7]byte
				var n uintptr
				var err syscall.Errno
				if raw {
					n, _, err = syscall.RawSyscall(once, uintptr(unsafe.Pointer(&b)), uintptr(len(b)), 0)
				} else {
					n, _, err = syscall.Syscall(once, uintptr(unsafe.Pointer(&b)), uintptr(len(b)), 0)
				}
				if string(b[:]) != "written" || n != 7 || err != 0 {
					t.Errorf("%q, %d, %v", b, n, err)
				}
			})
		}
		require.NotZero(t, moved)
	}
}

// What a handler declines goes down, with the arguments where they are then.
func TestDeclinedAfterMove(t *testing.T) {
	moved := 0
	Handle(func(c Call) (uintptr, syscall.Errno, bool) {
		before := uintptr(c.Pointer(1))
		grow(100)
		if uintptr(c.Pointer(1)) != before {
			moved++
		}
		return 0, 0, false
	}, syscall.SYS_CLOCK_GETTIME)
	for range 10 {
		onFreshStack(func() {
			var now syscall.Timespec
			_, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 0, uintptr(unsafe.Pointer(&now)), 0)
			if err != 0 || now.Sec == 0 {
				t.Error(now, err)
			}
		})
	}
	require.NotZero(t, moved)
}

// Handlers are asked by package syscall's functions, and may block.
func TestMayBlock(t *testing.T) {
	type question struct {
		number  uintptr
		answers chan uintptr
	}
	questions := make(chan question)
	Handle(func(c Call) (uintptr, syscall.Errno, bool) {
		answers := make(chan uintptr)
		questions <- question{c.Number, answers}
		return <-answers, 0, true
	}, syscall.SYS_GETPPID, syscall.SYS_FLOCK, syscall.SYS_GETPGID)
	go func() {
		for q := range questions {
			q.answers <- q.number
		}
	}()
	defer close(questions)
	require.Equal(t, syscall.SYS_GETPPID, syscall.Getppid())
	require.NoError(t, syscall.Flock(5, 0))
	id, err := syscall.Getpgid(0)
	require.NoError(t, err)
	require.Equal(t, syscall.SYS_GETPGID, id)
}

func TestNoProcesses(t *testing.T) {
	_, _, err := syscall.StartProcess("/anything", nil, nil)
	require.Equal(t, syscall.ENOSYS, err)
}
