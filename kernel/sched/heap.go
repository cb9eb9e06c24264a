package sched

// heap is a pairing heap of entities, ordered by key, linked through the
// entities: nothing is allocated. Insertion takes constant time, removal
// logarithmic time on average. See package timer for the structure.
type heap struct{ root *Entity }

// links are an entity's places in a heap. prev is the left sibling or the parent.
type links struct{ child, next, prev *Entity }

func (p *heap) insert(e *Entity) { p.root = merge(p.root, e) }

// remove takes out an entity that is in this heap.
func (p *heap) remove(e *Entity) {
	if e == p.root {
		p.root = mergeAll(e.child)
		e.links = links{}
		return
	}
	if e.prev.child == e {
		e.prev.child = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	p.root = merge(p.root, mergeAll(e.child))
	e.links = links{}
}

func merge(a, b *Entity) *Entity {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	if b.key < a.key {
		a, b = b, a
	}
	b.prev, b.next = a, a.child
	if a.child != nil {
		a.child.prev = b
	}
	a.child = b
	return a
}

// mergeAll joins siblings: in pairs from the left, then the pairs from the right.
func mergeAll(first *Entity) *Entity {
	var pairs *Entity // linked through next
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
	var all *Entity
	for pairs != nil {
		pair := pairs
		pairs = pair.next
		pair.next = nil
		all = merge(all, pair)
	}
	return all
}

// allowed finds an entity that may run on a CPU, and is not the one to be left
// alone, among the few that are first. In a pairing heap the root is the first;
// its children are in no order.
func (p *heap) allowed(cpu uint32, not *Entity) *Entity {
	e := p.root
	if e == nil || e.mayRunOn(cpu) && e != not {
		return e
	}
	e = e.child
	for range candidates {
		if e == nil || e.mayRunOn(cpu) && e != not {
			return e
		}
		e = e.next
	}
	return nil
}

// candidates is how many entities are looked at beside the first.
const candidates = 8
