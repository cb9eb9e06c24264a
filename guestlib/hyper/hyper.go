// Package hyper makes hypercalls from ordinary Go.
//
// A goroutine's stack may move at any instruction, so what a hypercall points at is on the heap, where nothing moves: it is
// copied there, and back.
package hyper

import (
	"os"
	"runtime"
	"syscall"

	"tuco/guestlib/gate"
	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// Op makes a hypercall that takes a command and a structure, such as event_channel_op and memory_op, or an array of one
// structure, such as grant_table_op. It returns the structure as the hypervisor left it, and the call's result. The error says
// what was to be done, and is a syscall.Errno within; ENOSYS where the program is no guest.
func Op[T any](what string, number hypercall.Number, cmd uint64, arg T) (T, uint64, error) {
	if !gate.Guest() {
		return arg, 0, os.NewSyscallError(what, syscall.ENOSYS)
	}
	p := Heap(arg)
	result := hypercalls.Call(number, cmd, hypercalls.Address(p), 1, 0, 0)
	arg = *p
	runtime.KeepAlive(p)
	if err := hypercall.Failed(result); err != 0 {
		return arg, 0, os.NewSyscallError(what, syscall.Errno(err))
	}
	return arg, result, nil
}

// OpAll is Op with an array of structures, of which there is one at least, which the hypervisor changes.
func OpAll[T any](what string, number hypercall.Number, cmd uint64, args []T) error {
	if !gate.Guest() {
		return os.NewSyscallError(what, syscall.ENOSYS)
	}
	list := heapOf(args)
	result := hypercalls.Call(number, cmd, hypercalls.Address(&list[0]), uint64(len(list)), 0, 0)
	copy(args, list)
	if err := hypercall.Failed(result); err != 0 {
		return os.NewSyscallError(what, syscall.Errno(err))
	}
	return nil
}

// heapOf is a copy of an array on the heap, for the reasons of Heap.
//
//go:noinline
func heapOf[T any](values []T) []T { return append([]T(nil), values...) }

// Heap is a copy of a value on the heap, all of which is mapped: for what the structure of a hypercall points at. Its user keeps
// it alive until after the call.
//
//go:noinline
func Heap[T any](v T) *T { return &v } // a result can't point into the stack of a function that isn't inlined

// Event is event_channel_op.
func Event[T any](what string, cmd uint64, arg T) (T, error) {
	arg, _, err := Op(what, hypercall.HYPERVISOR_event_channel_op, cmd, arg)
	return arg, err
}

// StartInfo is what the domain's builder, or whoever resumed it, has told. ENOSYS: the program is no guest.
func StartInfo() (*hypercall.StartInfo, error) {
	at := gate.Call(gate.StartInfo, 0, 0, 0, 0, 0)
	if err := gate.Errno(at); err != 0 {
		return nil, os.NewSyscallError("find the start info", syscall.Errno(err))
	}
	return hypercalls.At[hypercall.StartInfo](uint64(at)), nil
}
