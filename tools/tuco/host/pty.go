package host

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// OpenPTY makes a pseudo terminal in raw mode: what is written to one end comes out of the other unchanged and
// without an echo. Bochs takes the slave's path for a serial port.
func OpenPTY() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("pseudo terminal: /dev/ptmx: %w", err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	defer func() {
		if err != nil {
			master.Close()
		}
	}()
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, fmt.Errorf("pseudo terminal: unlock: %w", err)
	}
	number, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, fmt.Errorf("pseudo terminal: number: %w", err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("pseudo terminal: %w", err)
	}
	if _, err = SetRaw(slave, true); err != nil {
		slave.Close()
		return nil, nil, err
	}
	return master, slave, nil
}

// SetRaw turns off line editing, echo and signal keys of a terminal. With transparent, output too passes unchanged;
// otherwise a line feed still returns the carriage, as people at a screen expect. It returns a function that
// restores the terminal.
func SetRaw(terminal *os.File, transparent bool) (restore func(), err error) {
	fd := int(terminal.Fd())
	saved, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("terminal settings: %w", err)
	}
	raw := *saved
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag &^= unix.CSIZE | unix.PARENB
	raw.Cflag |= unix.CS8
	if transparent {
		raw.Oflag &^= unix.OPOST
	}
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &raw); err != nil {
		return nil, fmt.Errorf("terminal settings: %w", err)
	}
	return func() { unix.IoctlSetTermios(fd, unix.TCSETS, saved) }, nil
}

// IsTerminal tells whether a file is a terminal.
func IsTerminal(file *os.File) bool {
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

// IsTerminalWriter says whether what is written goes to a terminal.
func IsTerminalWriter(w io.Writer) bool {
	file, is := w.(*os.File)
	return is && IsTerminal(file)
}
