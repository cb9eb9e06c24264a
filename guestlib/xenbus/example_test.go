package xenbus_test

import (
	"context"
	"fmt"
	"strconv"

	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/xenbustest"
)

// The model of a store stands for the domain's own here: in a guest, xenbus.Open connects to that.
func ExampleStore_Transact() {
	store := xenbustest.New().Connect(5)
	defer store.Close()
	increment := func(tx *xenbus.Tx) error {
		text, err := tx.Read("data/counter")
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		return tx.Write("data/counter", strconv.Itoa(n+1))
	}
	fmt.Println(store.Transact(increment)) // what is missing is told as of a file
	fmt.Println(store.Write("data/counter", "41"))
	fmt.Println(store.Transact(increment))
	fmt.Println(store.Read("data/counter"))
	// Output:
	// read data/counter: no such file or directory
	// <nil>
	// <nil>
	// 42 <nil>
}

func ExampleWatch() {
	server := xenbustest.New()
	store := server.Connect(5)
	defer store.Close()
	watch, err := store.Watch("device/vif/0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer watch.Stop()
	fmt.Println(watch.Wait(context.Background())) // it tells of the node itself once
	server.Write("/local/domain/5/device/vif/0/state", "4")
	fmt.Println(watch.Wait(context.Background()))
	// Output:
	// [device/vif/0] <nil>
	// [device/vif/0/state] <nil>
}
