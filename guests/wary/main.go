// Command wary is a guest whose back ends are not to be trusted: control/hostile has it. It uses what it has, tells how each of them failed, and ends well.
//
// The word of its command line says what it uses. devices: its disks and network interfaces, at once, those with a number below 10 until all others are done; how that went stands in
// the store below data. store: the store, until that fails. console: the console, on which it writes and reads.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"tuco/guestlib/here"
)

func main() {
	var err error
	switch word := strings.Join(os.Args[1:], " "); word {
	case "devices":
		err = devices(here.Domain())
	case "store":
		err = useStore()
	case "console":
		err = useConsole()
	default:
		err = fmt.Errorf("unknown command line %q: devices, store and console are known", word)
	}
	if err != nil {
		fmt.Println("wary: failed:", err)
		os.Exit(1)
	}
}

// useStore reads a node until the store fails.
func useStore() error {
	store, err := here.Domain().Xenbus()
	for err == nil {
		_, err = store.Read("name")
	}
	fmt.Println("wary: the store:", err)
	return nil
}

// works is what there is to say of what has not failed.
const works = "it works"

// useConsole writes more than a console's page has room for, and reads what comes while something does.
func useConsole() error {
	store, err := here.Domain().Xenbus()
	if err != nil {
		return err
	}
	go func() {
		for typed := bufio.NewScanner(os.Stdin); typed.Scan(); {
			fmt.Println("wary: somebody typed")
		}
	}()
	for n := range 200 {
		fmt.Printf("wary: line %d of what has to go somewhere\n", n)
	}
	return store.Write("data/console", works)
}
