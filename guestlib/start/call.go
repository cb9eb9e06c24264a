package start

import (
	"tuco/guestlib/cpu"
	"tuco/guestlib/gate"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/paging"
	"tuco/guestlib/sched"
	"tuco/guestlib/spin"
	"tuco/hypercall"
)

// errno is Linux' number of an error.
type errno uint64

const (
	eperm     errno = 1
	enoent    errno = 2
	esrch     errno = 3
	eintr     errno = 4
	ebadf     errno = 9
	echild    errno = 10
	eagain    errno = 11
	enomem    errno = 12
	einval    errno = 22
	efault    errno = 14
	ebusy     errno = 16
	eexist    errno = 17
	emfile    errno = 24
	enosys    errno = 38
	enotconn  errno = 107
	etimedout errno = 110
)

// failed is a system call's result.
func failed(e errno) uint64 { return -uint64(e) }

// call answers a system call of the program's.
func call(c *cpu.Call) {
	c.AX = answer(c)
	if signalled() {
		sched.Hurry() // a handler needs all registers: see trap
	}
}

// Linux' numbers of system calls.
const (
	sysRead, sysWrite, sysClose                 = 0, 1, 3
	sysMmap, sysMprotect, sysMunmap, sysMadvise = 9, 10, 11, 28
	sysMincore, sysSetitimer, sysGetrusage      = 27, 38, 98
	sysSigaction, sysSigprocmask, sysSigreturn  = 13, 14, 15
	sysSchedYield, sysNanosleep                 = 24, 35
	sysGetpid, sysGettid, sysUname              = 39, 186, 63
	sysClone, sysExit, sysExitGroup             = 56, 60, 231
	sysFcntl, sysReadlinkat, sysOpenat          = 72, 267, 257
	sysSigaltstack, sysPrctl, sysArchPrctl      = 131, 157, 158
	sysGetuid, sysGetgid                        = 102, 104
	sysGeteuid, sysGetegid                      = 107, 108
	sysFutex, sysGetaffinity                    = 202, 204
	sysClockGettime, sysTgkill, sysKill         = 228, 234, 62
	sysEpollCtl, sysEpollPwait                  = 233, 281
	sysEventfd2, sysEpollCreate1                = 290, 291
	sysNewfstatat, sysFaccessat                 = 262, 269
	sysGetrandom                                = 318
	sysWait4, sysWaitid                         = 61, 247
	sysGetgroups, sysGetppid                    = 115, 110
)

func answer(c *cpu.Call) uint64 {
	if c.AX == sysSigaction { // the runtime has some 130 of them before main
		tables.Lock()
		result := sigaction(c.DI, c.SI, c.DX)
		tables.Unlock()
		return result
	}
	switch c.AX {
	case sysWrite:
		if c.DI == stdout || c.DI == stderr {
			return output(c.SI, c.DX)
		}
	case sysRead:
		if c.DI == stdin {
			return input(c.SI, c.DX)
		}
	case sysMmap:
		return mmap(c.DI, c.SI, c.DX, c.R10)
	case sysMprotect:
		return mprotect(c.DI, c.SI, c.DX)
	case sysMunmap:
		return munmap(c.DI, c.SI)
	case sysMadvise:
		return madvise(c.DI, c.SI, c.DX)
	case sysMincore:
		return mincore(c.DI, c.SI, c.DX)
	case sysGetrusage:
		return getrusage(c.DI, c.SI)
	case sysSetitimer:
		return setitimer(c.DI, c.SI, c.DX)
	case sysSigprocmask:
		return sigprocmask(c.DI, c.SI, c.DX)
	case sysSigreturn:
		sigreturn(c)
	case sysSigaltstack:
		return sigaltstack(c.DI, c.SI)
	case sysTgkill:
		return tgkill(c.SI, c.DX)
	case sysKill:
		return tgkill(1, c.SI)
	case sysSchedYield:
		sched.Yield()
		return 0
	case sysNanosleep:
		return nanosleep(c.DI)
	case sysFutex:
		return futex(c.DI, c.SI, c.DX, c.R10)
	case sysClone:
		return clone(c)
	case sysExit:
		exitThread(uint32(c.DI), c.SI)
	case sysExitGroup:
		exit(c.DI)
	case sysGetpid:
		return 1
	case sysGettid:
		return uint64(sched.Current().ID)
	case sysGetuid, sysGetgid, sysGeteuid, sysGetegid, sysGetgroups, sysGetppid:
		return 0
	case sysWait4, sysWaitid:
		return failed(echild)
	case sysArchPrctl:
		return archPrctl(c.DI, c.SI)
	case sysGetaffinity:
		return getaffinity(c.SI, c.DX)
	case sysClockGettime:
		return clockGettime(c.DI, c.SI)
	case sysOpenat, sysNewfstatat, sysReadlinkat, sysFaccessat:
		return failed(enoent)
	case sysPrctl:
		return failed(einval)
	case sysUname:
		return uname(c.DI)
	case gate.StartInfo:
		return hypercalls.Address(startInfo)
	case gate.Suspend:
		return suspend()
	case gate.MemoryPages:
		return mm.Current()
	case gate.MemoryGive:
		return mm.GiveBack(c.DI)
	case gate.MemoryTake:
		return mm.TakeBack(c.DI)
	case gate.PageFrame:
		return frameOf(c.DI)
	case gate.PagePrepare:
		return -uint64(mm.Prepare(c.DI))
	case gate.PageMap:
		return -uint64(mm.MapForeign(c.DI, c.SI))
	case gate.PageMapDevice:
		return -uint64(mm.MapDevice(c.DI, c.SI))
	case gate.PageMapLater:
		t, err := mm.MapLater(c.DI, c.SI)
		if err != 0 {
			return -uint64(err)
		}
		return uint64(t)
	case gate.TicketDone:
		if mm.Done(paging.Ticket(c.DI)) {
			return 1
		}
		return 0
	case gate.TicketWait:
		return -uint64(mm.Wait(paging.Ticket(c.DI)))
	case gate.UpdateRing:
		if c.DI != 0 && mm.JoinRing() {
			return 1
		}
		mm.LeaveRing()
		return 0
	case gate.PageMapOthers:
		return mapOthers(c.DI, c.SI, c.DX, hypercall.DomID(c.R10))
	case gate.PageUnmapAll:
		return unmapAll(c.DI, c.SI)
	case gate.PageUnmap:
		return -uint64(mm.UnmapForeign(c.DI))
	case gate.FreePages:
		return mm.Free()
	case gate.ConsoleRead:
		return input(c.DI, c.SI)
	case gate.ConsoleWrite:
		return output(c.DI, c.SI)
	}
	tables.Lock()
	result := answerFromTables(c)
	tables.Unlock()
	return result
}

// tables is the lock of descriptors, of the signals' handlers and the random numbers. A thread gives it back while it
// waits.
var tables spin.Lock

// answerFromTables answers a system call about what tables is for.
func answerFromTables(c *cpu.Call) uint64 {
	switch c.AX {
	case sysWrite:
		return write(c.DI, c.SI, c.DX)
	case sysRead:
		return read(c.DI, c.SI, c.DX)
	case sysEpollCreate1:
		fd, _ := open(poller, 0)
		return fd
	case sysEventfd2:
		fd, d := open(event, c.SI)
		if d != nil {
			d.count = uint64(uint32(c.DI))
		}
		return fd
	case sysClose:
		return closeDescriptor(c.DI)
	case sysEpollCtl:
		return epollCtl(c.SI, c.DX, c.R10)
	case sysEpollPwait:
		return epollPwait(c.SI, c.DX, c.R10)
	case sysFcntl:
		return fcntl(c.DI, c.SI, c.DX)
	case sysGetrandom:
		return getrandom(c.DI, c.SI)
	case gate.SoftOpen:
		return openAbove(soft, c.DI, c.SI != 0)
	case gate.FileOpen:
		return openAbove(file, c.DI, c.SI != 0)
	case gate.SoftRaise:
		return softRaise(c.DI, uint32(c.SI))
	case gate.SoftLower:
		return softLower(c.DI, uint32(c.SI))
	case gate.ChannelOpen:
		return openChannel(hypercall.Port(c.DI), c.SI != 0)
	case gate.ChannelTake:
		return takeEvent(c.DI)
	case gate.ChannelUnmask:
		return unmaskChannel(c.DI)
	}
	return failed(enosys)
}

// at is what lies at an address of the program's. It may not be mapped yet: the library may fault as well.
func at[T any](address uint64) *T { return hypercalls.At[T](address) }
