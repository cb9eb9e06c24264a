package netfront_test

import (
	"context"
	"fmt"
	"log"

	"tuco/guestlib/frontend/model"
	"tuco/guestlib/netfront"
)

// A link sends and receives several frames at a time. In a guest, the domain is here.Domain().
func Example() {
	domain := model.NewHost()
	echo := func(n *model.NIC, frame []byte) { n.Deliver(0, frame) }
	defer model.NewNIC(domain, "0", model.NICConfig{MAC: "00:16:3e:01:02:03", Frame: echo}).Stop()

	link, err := netfront.Open(context.Background(), domain, "0")
	if err != nil {
		log.Fatal(err)
	}
	defer link.Close()
	fmt.Printf("%x, MTU %d\n", link.Info().MAC, link.Info().MTU)

	header := "\xff\xff\xff\xff\xff\xff\x00\x16\x3e\x01\x02\x03\x88\xb5"
	if _, err := link.Send([]netfront.Frame{{Data: []byte(header + "hello")}, {Data: []byte(header + "world")}}); err != nil {
		log.Fatal(err)
	}
	in := make([]netfront.Frame, 8)
	for i := range in {
		in[i].Data = make([]byte, netfront.MaxFrame)
	}
	for got := 0; got < 2; {
		n, err := link.Receive(in)
		if err != nil {
			log.Fatal(err)
		}
		for _, f := range in[:n] {
			fmt.Printf("%s\n", f.Data[netfront.MinFrame:])
		}
		got += n
	}
	// Output:
	// 00163e010203, MTU 1500
	// hello
	// world
}
