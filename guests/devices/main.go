// Command devices is a guest that tries the devices it has been given: it writes to disks and reads that again, and fetches a page by
// a network interface. It is for domains that have back ends; domain 0 has none, and says so.
//
// Words of its command line: write lets it write to disks, which loses what is on them; address=ADDRESS/PREFIX is the network
// interface's, and fetch=URL what to fetch by it, closed=ADDRESS:PORT whom it must not reach, or echo=PORT where to send everything back that one connection brings; line has it wait for a line of input and say it again. With again=URL it goes on until it is asked to
// end: round after round it writes to its first disk and reads that again, and sends data by its network interface to a server that answers with them.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tuco/guestlib/frontend"
	"tuco/guestlib/here"
)

// options is what the command line says.
type options struct {
	write, line                         bool
	address, fetch, again, echo, closed string
}

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	switch {
	case errors.Is(err, frontend.ErrNoStore):
		fmt.Println("devices:", err)
	case err != nil:
		fmt.Println("devices: failed:", err)
		os.Exit(1)
	default:
		fmt.Println("devices: ok")
	}
}

func parse(words []string) (o options, err error) {
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "write":
			o.write = true
		case "echo":
			o.echo = value
		case "line":
			o.line = true
		case "address":
			o.address = value
		case "fetch":
			o.fetch = value
		case "closed":
			o.closed = value
		case "again":
			o.again = value
		default:
			return o, fmt.Errorf("unknown word %q on the command line: write, line, address=ADDRESS/PREFIX, fetch=URL, closed=ADDRESS:PORT, echo=PORT and again=URL are known", word)
		}
	}
	if (o.address == "") != (o.fetch == "" && o.again == "" && o.echo == "" && o.closed == "") {
		return o, errors.New("address is of use only with fetch, closed, echo or again, and they with it")
	}
	return o, nil
}

// patience is how long a back end may take to connect.
const patience = time.Minute

func run(o options) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	domain := here.Domain()
	if o.again != "" {
		return again(ctx, domain, o)
	}
	if err := disks(ctx, domain, o.write); err != nil {
		return err
	}
	if err := networks(ctx, domain, o); err != nil {
		return err
	}
	if o.line {
		fmt.Println("devices: type a line")
		text, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil {
			return err
		}
		fmt.Printf("devices: read %q\n", text)
	}
	return nil
}
