package calls

import (
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// callOf is a call's arguments, of which those that are pointers are on the stack.
func callOf(number uintptr, args ...any) Call {
	c := Call{Number: number}
	for i, a := range args {
		switch a := a.(type) {
		case int:
			c.Args[i] = uintptr(a)
		case []byte:
			c.Args[i], c.onStack[i] = 0xdead, unsafe.Pointer(unsafe.SliceData(a))
		}
	}
	return c
}

func TestArguments(t *testing.T) {
	data := []byte("some\x00thing")
	c := callOf(syscall.SYS_WRITE, -1, data, 4, 0)
	require.Equal(t, -1, c.Int(0))
	require.False(t, c.OnStack(0))
	require.True(t, c.OnStack(1))
	require.Equal(t, unsafe.Pointer(&data[0]), c.Pointer(1))
	require.Equal(t, []byte("some"), c.Bytes(1, 2))
	require.Nil(t, c.Bytes(1, 3))
	for _, test := range []struct {
		arg, most int
		want      string
		err       syscall.Errno
	}{
		{1, 5, "some", 0},
		{1, 4, "some", 0},
		{1, 3, "", syscall.ENAMETOOLONG},
		{3, 5, "", syscall.EFAULT},
	} {
		got, err := c.Text(test.arg, test.most)
		require.Equal(t, test.err, err)
		require.Equal(t, test.want, got)
	}
}

// mine is numbers that no system call has, one for each test.
const (
	mine = maxNumber - 1 - iota
	once
)

func TestHandlers(t *testing.T) {
	var asked []string
	for _, name := range []string{"first", "second", "third"} {
		Handle(func(c Call) (uintptr, syscall.Errno, bool) {
			asked = append(asked, name)
			return 7, syscall.Errno(c.Args[1]), name == "second" && c.Args[0] == 2
		}, mine)
	}
	for _, test := range []struct {
		name   string
		number uintptr
		args   [6]uintptr
		r      uintptr
		err    syscall.Errno
		own    bool
		asked  []string
	}{
		{"nobody's", mine, [6]uintptr{1}, 0, 0, false, []string{"first", "second", "third"}},
		{"the second's", mine, [6]uintptr{2}, 7, 0, true, []string{"first", "second"}},
		{"an error", mine, [6]uintptr{2, 9}, ^uintptr(0), syscall.EBADF, true, []string{"first", "second"}},
		{"another", mine - 100, [6]uintptr{2}, 0, 0, false, nil},
		{"no number", 1 << 40, [6]uintptr{2}, 0, 0, false, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked = nil
			r, _, err, own := Answer(test.number, test.args, [6]unsafe.Pointer{})
			require.Equal(t, []any{test.r, test.err, test.own, test.asked}, []any{r, err, own, asked})
		})
	}
}

// Handlers may come while calls are answered.
func TestHandleMeanwhile(t *testing.T) {
	const number = maxNumber - 1
	t.Cleanup(func() { handlers[number].Store(nil) })
	asked := 0
	var registering sync.WaitGroup
	registering.Go(func() {
		for range 100 {
			Handle(func(Call) (uintptr, syscall.Errno, bool) { asked++; return 0, 0, false }, number)
		}
	})
	for range 1000 {
		Answer(number, [6]uintptr{}, [6]unsafe.Pointer{})
	}
	registering.Wait()
	asked = 0
	Answer(number, [6]uintptr{}, [6]unsafe.Pointer{})
	require.Equal(t, 100, asked)
}
