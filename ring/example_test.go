package ring_test

import (
	"fmt"

	"tuco/ring"
)

type question struct{ A, B uint32 }

type answer struct{ Sum uint32 }

// Both ends of a ring, as they are in two domains: the front end asks, the back end answers.
func Example() {
	var page struct {
		_      [0]uint64 // aligned, as pages are
		memory [4096]byte
	}
	front := ring.MakeFront[question, answer](page.memory[:])
	back := ring.MakeBack[question, answer](page.memory[:])

	front.Put(&question{1, 2})
	front.Put(&question{3, 4})
	fmt.Println("notify the back end:", front.Push())

	var q question
	for {
		ok, err := back.Take(&q)
		if err != nil {
			fmt.Println("the front end is hostile:", err)
			return
		}
		if !ok {
			break
		}
		back.Put(&answer{q.A + q.B})
	}
	fmt.Println("notify the front end:", back.Push())

	var a answer
	for {
		slot, ok, err := front.Take(&a)
		if !ok || err != nil {
			break
		}
		fmt.Println("slot", slot, "has", a.Sum)
	}
	more, _ := front.FinalCheck(1)
	fmt.Println("more:", more)
	// Output:
	// notify the back end: true
	// notify the front end: true
	// slot 0 has 3
	// slot 1 has 7
	// more: false
}
