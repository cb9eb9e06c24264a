package timer

// heap is a pairing heap of timers, ordered by deadline: a tree in which no
// child is due before its parent. Equal deadlines come out in any order.
type heap struct{ root *Timer }

func (h *heap) insert(t *Timer) { h.root = merge(h.root, t) }

// remove takes out a timer that is in this heap.
func (h *heap) remove(t *Timer) {
	if t == h.root {
		h.root = mergeAll(t.child)
		t.child = nil
		return
	}
	if t.prev.child == t {
		t.prev.child = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	h.root = merge(h.root, mergeAll(t.child))
	t.child, t.next, t.prev = nil, nil, nil
}

// merge joins two heaps, of which neither root has siblings.
func merge(a, b *Timer) *Timer {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	if b.deadline < a.deadline {
		a, b = b, a
	}
	b.prev, b.next = a, a.child
	if a.child != nil {
		a.child.prev = b
	}
	a.child = b
	return a
}

// mergeAll joins a list of siblings into one heap: in pairs from the left, then
// the pairs from the right. That order is what
// keeps the cost of removing the root logarithmic on average.
func mergeAll(first *Timer) *Timer {
	var pairs *Timer // linked through next, the latest first
	for first != nil {
		a, b := first, first.next
		first = nil
		a.next, a.prev = nil, nil
		if b != nil {
			first = b.next
			b.next, b.prev = nil, nil
		}
		pair := merge(a, b)
		pair.next = pairs
		pairs = pair
	}
	var all *Timer
	for pairs != nil {
		pair := pairs
		pairs = pair.next
		pair.next = nil
		all = merge(all, pair)
	}
	return all
}
