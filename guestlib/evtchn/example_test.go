package evtchn_test

import (
	"context"
	"fmt"

	"tuco/guestlib/evtchn"
	"tuco/hypercall"
)

// A channel with both ends in this domain, which is only for guests. guests/events plays ball with some.
func Example() {
	here, err := evtchn.AllocUnbound(hypercall.DOMID_SELF)
	if err != nil {
		fmt.Println("no guest:", err)
		return
	}
	defer here.Close()
	there, err := evtchn.BindInterdomain(hypercall.DOMID_SELF, here.Port())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer there.Close()
	go here.Notify()
	fmt.Println(there.Wait(context.Background()))
}
