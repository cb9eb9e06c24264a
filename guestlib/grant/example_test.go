package grant_test

import (
	"fmt"

	"tuco/guestlib/grant"
	"tuco/guestlib/grant/granttest"
)

// A domain in memory stands for the guest here, which has grant.Open and page.Alloc.
func ExampleTable_Grant() {
	domain := granttest.New()
	pages, err := domain.Alloc(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(pages.Page(0), "hello")
	const peer = 7
	ref, err := domain.Table.Grant(peer, pages.Frame(0), false)
	fmt.Println(err)

	seen, unmap, err := domain.Map(peer, ref, false) // what the peer does
	fmt.Println(string(seen[:5]), err)
	fmt.Println(domain.Table.End(ref) == grant.ErrInUse)
	unmap()
	fmt.Println(domain.Table.End(ref))
	// Output:
	// <nil>
	// hello <nil>
	// true
	// <nil>
}
