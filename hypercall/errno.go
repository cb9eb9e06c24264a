package hypercall

// Errno says why a call failed. Zero is success.
type Errno int32

// The errors that guests can see. Public header errno.h.
const (
	EPERM         Errno = 1   // not permitted to this domain
	ENOENT        Errno = 2   // no such thing
	ESRCH         Errno = 3   // no such domain
	EIO           Errno = 5   // input or output failed
	ENXIO         Errno = 6   // no such device or address
	E2BIG         Errno = 7   // argument list too long
	ENOEXEC       Errno = 8   // not an executable
	EBADF         Errno = 9   // bad file number
	ECHILD        Errno = 10  // no child
	EAGAIN        Errno = 11  // not now, try again
	ENOMEM        Errno = 12  // no memory left
	EACCES        Errno = 13  // access denied
	EFAULT        Errno = 14  // a guest address can't be read or written
	EBUSY         Errno = 16  // in use
	EEXIST        Errno = 17  // there already
	EXDEV         Errno = 18  // belongs to another device or domain
	ENODEV        Errno = 19  // no such device
	ENOTDIR       Errno = 20  // not a directory
	EISDIR        Errno = 21  // a directory
	EINVAL        Errno = 22  // an argument makes no sense
	ENFILE        Errno = 23  // table full
	EMFILE        Errno = 24  // too many open
	ENOSPC        Errno = 28  // no room left
	EROFS         Errno = 30  // read only
	EMLINK        Errno = 31  // too many links
	EDOM          Errno = 33  // argument outside of the function's domain
	ERANGE        Errno = 34  // out of range
	EDEADLK       Errno = 35  // would wait for ever
	ENAMETOOLONG  Errno = 36  // name too long
	ENOLCK        Errno = 37  // no locks left
	ENOSYS        Errno = 38  // no such call, or not in Tuco
	ENOTEMPTY     Errno = 39  // not empty
	ENODATA       Errno = 61  // no data there
	ETIME         Errno = 62  // the time has passed
	EBADMSG       Errno = 74  // not a message
	EOVERFLOW     Errno = 75  // too large for its type
	EILSEQ        Errno = 84  // impossible byte sequence
	ENOTSOCK      Errno = 88  // not a socket
	EMSGSIZE      Errno = 90  // message too long
	EOPNOTSUPP    Errno = 95  // known, but not possible here
	EADDRINUSE    Errno = 98  // address in use
	EADDRNOTAVAIL Errno = 99  // no such address
	ENOBUFS       Errno = 105 // no buffer left
	EISCONN       Errno = 106 // connected
	ENOTCONN      Errno = 107 // not connected
	ETIMEDOUT     Errno = 110 // timed out
	ECONNREFUSED  Errno = 111 // refused
)

var errnoNames = [...]string{
	0:     "success",
	EPERM: "EPERM", ENOENT: "ENOENT", ESRCH: "ESRCH", EIO: "EIO", ENXIO: "ENXIO", E2BIG: "E2BIG",
	ENOEXEC: "ENOEXEC", EBADF: "EBADF", ECHILD: "ECHILD", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM",
	EACCES: "EACCES", EFAULT: "EFAULT", EBUSY: "EBUSY", EEXIST: "EEXIST", EXDEV: "EXDEV",
	ENODEV: "ENODEV", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE",
	EMFILE: "EMFILE", ENOSPC: "ENOSPC", EROFS: "EROFS", EMLINK: "EMLINK", EDOM: "EDOM",
	ERANGE: "ERANGE", EDEADLK: "EDEADLK", ENAMETOOLONG: "ENAMETOOLONG", ENOLCK: "ENOLCK",
	ENOSYS: "ENOSYS", ENOTEMPTY: "ENOTEMPTY", ENODATA: "ENODATA", ETIME: "ETIME",
	EBADMSG: "EBADMSG", EOVERFLOW: "EOVERFLOW", EILSEQ: "EILSEQ", ENOTSOCK: "ENOTSOCK",
	EMSGSIZE: "EMSGSIZE", EOPNOTSUPP: "EOPNOTSUPP", EADDRINUSE: "EADDRINUSE",
	EADDRNOTAVAIL: "EADDRNOTAVAIL", ENOBUFS: "ENOBUFS", EISCONN: "EISCONN",
	ENOTCONN: "ENOTCONN", ETIMEDOUT: "ETIMEDOUT", ECONNREFUSED: "ECONNREFUSED",
}

// String is the error's published name.
func (e Errno) String() string {
	if e >= 0 && int(e) < len(errnoNames) && errnoNames[e] != "" {
		return errnoNames[e]
	}
	return "unknown errno"
}

// Result is the register value that reports the error: 0, or the number
// negated.
func (e Errno) Result() uint64 { return uint64(-int64(e)) }

// maxErrno bounds the results that are errors: the last page of the numbers.
const maxErrno = 4095

// Failed takes the error out of a call's result; it is zero for any result
// that is none.
func Failed(result uint64) Errno {
	if e := -int64(result); e > 0 && e <= maxErrno {
		return Errno(e)
	}
	return 0
}
