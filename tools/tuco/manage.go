package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/hosts"
)

// manageFlags say how a host is managed while it runs.
type manageFlags struct {
	address string
	keep    bool
	memory  string
}

// Values of --api.
const (
	noAPI      = "none"
	anyAddress = "127.0.0.1:0"
)

func (m *manageFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&m.address, "api", anyAddress, "QEMU: ADDRESS:PORT here where the management API is; port 0: any that is free; "+noAPI+": there is none")
	flags.BoolVar(&m.keep, "keep", false, "stay without a guest, until somebody ends the host (default on a terminal)")
	flags.StringVar(&m.memory, "control-memory", "", "the control domain's memory, such as 128M (default: what the guests' files take, and a little more)")
}

// keeps tells whether the host is one that stays. What the user says goes; else one that has guests stays for somebody who sits before it.
func (m *manageFlags) keeps(flags *pflag.FlagSet, guests []string, terminal bool) bool {
	if flags.Changed("keep") {
		return m.keep
	}
	return terminal && len(guests) > 0
}

// uploadMemory is the control domain's for kernels and ramdisks of guests that are made while the host runs, where it has no disk for them.
const uploadMemory = 32 * host.MiB

// memoryFor is the control domain's memory, which is to be as much as it needs, and by itself more where guests come later and there is no disk.
func (m *manageFlags) memoryFor(needed host.Size, disk bool) (host.Size, error) {
	switch {
	case m.memory == "" && m.keep && !disk:
		return needed + uploadMemory, nil
	case m.memory == "":
		return needed, nil
	}
	n, err := host.ParseSize(m.memory)
	if err != nil {
		return 0, usagef("--control-memory: %v", err)
	}
	if n < needed {
		return 0, usagef("--control-memory %s: with these guests the control domain needs %v", m.memory, needed)
	}
	return n, nil
}

// management is where a host's API is to be, and the token for it. It is nil for a host that has none.
type management struct {
	address string // HOST:PORT here
	token   string
}

// apiPort is where the API listens in the control domain. It is a port that nobody can forward who isn't root, since --forward has the same number here and there.
const apiPort = 700

// apply has the control domain serve the API, where there is one, and that can be reached.
func (m *manageFlags) apply(flags *pflag.FlagSet, emulator string, guests *guestPack, dryRun bool) (*management, error) {
	wanted := flags.Changed("api") && m.address != noAPI
	switch {
	case wanted && guests == nil:
		return nil, usagef("--api is the control domain's: name guest.cfg files, or --keep")
	case wanted && emulator == host.Bochs:
		return nil, usagef("--api needs --emulator qemu: Bochs has no network by which it could be reached")
	case wanted && dryRun:
		return nil, usagef("--api needs a token, which is made anew for each host: leave it out with --dry-run")
	case guests == nil || m.address == noAPI || dryRun || emulator == host.Bochs:
		return nil, nil
	}
	address, err := freeAddress(m.address)
	if err != nil {
		return nil, usagef("--api %s: %v", m.address, err)
	}
	api := &management{address: address, token: rand.Text()}
	sum := sha256.Sum256([]byte(api.token))
	guests.ramdisk.AddText("api/token.sha256", hex.EncodeToString(sum[:])+"\n")
	guests.words = append(guests.words, fmt.Sprintf("api=%d", apiPort))
	return api, nil
}

// freeAddress is an address that can be listened at, with a port in a 0's place.
func freeAddress(text string) (string, error) {
	at, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", fmt.Errorf("%w: write ADDRESS:PORT, such as 127.0.0.1:8007, or %s", err, noAPI)
	}
	if ip := net.ParseIP(at); ip == nil || ip.To4() == nil {
		return "", fmt.Errorf("%q is no IPv4 address of this machine: write one, such as 127.0.0.1", at)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("%q is no port: want 0 to 65535", port)
	} else if n != 0 {
		return text, listenable(text)
	}
	// The kernel gives ports of its own range to all who want any, and may do so before QEMU has it: take one from below.
	const first, ports, tries = 20000, 10000, 100
	for range tries {
		var random [2]byte
		_, _ = rand.Read(random[:]) // it never fails
		text := net.JoinHostPort(at, strconv.Itoa(first+(int(random[0])<<8|int(random[1]))%ports))
		if err = listenable(text); err == nil {
			return text, nil
		}
	}
	return "", fmt.Errorf("no port is free: %w", err)
}

func listenable(address string) error {
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	return l.Close()
}

// forward is what QEMU's network is to do for it.
func (m *management) forward() string {
	if m == nil {
		return ""
	}
	return fmt.Sprintf(",hostfwd=tcp:%s-%s:%d", m.address, uplinkAddress, apiPort)
}

// tokenFile is in the log directory, for those who speak to the API by themselves.
const tokenFile = "api.token"

// record records the host for other commands, until forget is called, and says where its API is.
func (m *management) record(dir string, to io.Writer) (forget func(), err error) {
	if m == nil {
		return func() {}, nil
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	token := filepath.Join(dir, tokenFile)
	if err := removed(token); err != nil { // another's, with other rights
		return nil, err
	}
	if err := os.WriteFile(token, []byte(m.token), 0o600); err != nil {
		return nil, err
	}
	r, err := hosts.Add(hosts.Host{Address: m.address, Token: m.token, LogDir: dir})
	if err != nil {
		return nil, errors.Join(err, os.Remove(token))
	}
	fmt.Fprintf(to, "tuco: management API at http://%s, its token in %s\n", m.address, token)
	return func() {
		if err := errors.Join(r.Close(), removed(token)); err != nil {
			fmt.Fprintf(to, "tuco: %v\n", err)
		}
	}, nil
}

// removed removes a file, if it is there: two hosts may have been given one directory.
func removed(name string) error {
	if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
