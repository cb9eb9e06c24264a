package calls

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func consoleIO(cmd, count, buffer uint64) uint64 {
	return pv.Call(hypercall.HYPERVISOR_console_io, cmd, count, buffer, 0, 0)
}

var line = [...]byte{'c', 'o', 'n', 's', 'o', 'l', 'e', '\n'}

func console(t *pv.T) {
	t.OK("write", consoleIO(hypercall.CONSOLEIO_write, uint64(len(line)), pv.Address(&line)))
	t.OK("write of nothing", consoleIO(hypercall.CONSOLEIO_write, 0, pv.Address(&line)))
	t.OK("write of nothing from nowhere", consoleIO(hypercall.CONSOLEIO_write, 0, nowhere))
	t.Errno("write from nowhere", consoleIO(hypercall.CONSOLEIO_write, 8, nowhere), hypercall.EFAULT)
	t.Errno("no such command", consoleIO(2, 8, pv.Address(&line)), hypercall.ENOSYS)
	var got [64]byte
	var want hypercall.Errno
	if !pv.Domain0() {
		want = hypercall.EPERM
	}
	t.Errno("read, with nothing typed", consoleIO(hypercall.CONSOLEIO_read, uint64(len(got)), pv.Address(&got)), want)
	t.Errno("no such command", consoleIO(1000, 8, pv.Address(&line)), hypercall.ENOSYS)
}
