package store

// maxAge is how many changes of the store a transaction's snapshot may be behind.
const maxAge = 1024

// renew moves the oldest transaction's snapshot to the store as it is, if it is too old. A snapshot keeps all nodes from going that have
// been replaced since: so there are never more of those than maxAge changes leave behind, however long transactions stay open. One
// transaction at most is renewed with each change, and that costs as much as it has done itself.
//
// If somebody has changed what it depends on, its end will say so. Until then it goes on, on the store as it is.
func (s *Store) renew() {
	if len(s.open) == 0 || s.gen-s.open[0].began < maxAge {
		return
	}
	tx := s.open[0]
	s.open = append(s.open[1:], tx)
	now := tx.again()
	now.began, now.base = s.gen, s.root
	*tx = *now
}
