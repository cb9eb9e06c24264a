// Command greeter is a guest that asks for names, and greets whoever has one. examples/greeter.boot tests it in a booted host.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
)

func main() {
	fmt.Printf("greeter: %s, %d processors\n", runtime.Version(), runtime.GOMAXPROCS(0))
	fmt.Println("greeter: what is your name? (bye ends it)")
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		switch name := strings.TrimSpace(names.Text()); name {
		case "":
			fmt.Println("greeter: I didn't hear you")
		case "bye":
			fmt.Println("greeter: goodbye")
			return
		default:
			fmt.Printf("greeter: hello, %s\n", name)
		}
	}
}
