package main

import (
	"tuco/guestlib/here"
	"tuco/guestlib/xenbus"
)

// store measures requests to the store's daemon.
func store(t *table) error {
	s, err := here.Domain().Xenbus()
	if err != nil {
		return err
	}
	read := func(n int) error {
		for range n {
			if _, err := s.Read("name"); err != nil {
				return err
			}
		}
		return nil
	}
	transact := func(n int) error {
		for range n {
			if err := s.Transact(func(tx *xenbus.Tx) error { return tx.Write("data/counter", "1") }); err != nil {
				return err
			}
		}
		return nil
	}
	const reads, transactions = 2000, 500
	if err := t.measure("xenstore: a guest's read", reads, read); err != nil {
		return err
	}
	return t.measure("xenstore: a guest's transaction of one write", transactions, transact)
}
