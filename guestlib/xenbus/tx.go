package xenbus

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// A Tx is a transaction: its operations see the store as it was when it began, and happen all at once at its end or not at all.
type Tx struct {
	ops
}

// Begin begins a transaction, which Commit or Abort has to end: the daemon keeps few for each domain. ENOSPC: too many are open.
func (s *Store) Begin() (*Tx, error) {
	body, err := s.ask(hypercall.XS_TRANSACTION_START, 0, wire.Join(""))
	if err != nil {
		return nil, fmt.Errorf("begin a transaction: %w", err)
	}
	id, err := strconv.ParseUint(strings.TrimSuffix(string(body), "\x00"), 10, 32)
	if err != nil || id == 0 {
		return nil, fmt.Errorf("begin a transaction: %w: number %q", ErrProtocol, body)
	}
	return &Tx{ops{s, uint32(id)}}, nil
}

// Commit makes what was done true. EAGAIN: somebody else has changed something meanwhile, and nothing was done.
func (tx *Tx) Commit() error { return tx.finish("T") }

// Abort forgets what was done.
func (tx *Tx) Abort() error { return tx.finish("F") }

func (tx *Tx) finish(how string) error {
	body, err := tx.store.ask(hypercall.XS_TRANSACTION_END, tx.tx, wire.Join(how))
	if err != nil {
		return fmt.Errorf("end a transaction: %w", err)
	}
	if strings.TrimSuffix(string(body), "\x00") != "OK" {
		return fmt.Errorf("end a transaction: %w: a reply that is not OK", ErrProtocol)
	}
	return nil
}

// attempts is how often Transact tries.
const attempts = 64

// Transact does something in a transaction, and again from the beginning if somebody else got in between, some times. An error
// of the function aborts the transaction, and is returned.
func (s *Store) Transact(do func(tx *Tx) error) error {
	var err error
	for range attempts {
		var tx *Tx
		if tx, err = s.Begin(); err != nil {
			return err
		}
		if err = do(tx); err != nil {
			abort := tx.Abort()
			if !errors.Is(err, syscall.EAGAIN) {
				return errors.Join(err, abort)
			}
		} else if err = tx.Commit(); !errors.Is(err, syscall.EAGAIN) {
			return err
		}
		runtime.Gosched()
	}
	return err
}

// WriteAll writes all of the nodes or none.
func (s *Store) WriteAll(nodes map[string]string) error {
	return s.Transact(func(tx *Tx) error {
		for path, value := range nodes {
			if err := tx.Write(path, value); err != nil {
				return err
			}
		}
		return nil
	})
}
