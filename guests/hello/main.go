// Command hello is a small guest: it says what it runs on, and does a little of all that a Go program's runtime does.
//
// Its command line may have words: ls=DIR and cat=FILE show what the ramdisk has; lines says what somebody types; sleep=N does
// nothing for N milliseconds; and others tell how it is to end: exit=N, panic, nil, deadlock; write-text and run-data, which
// the page tables forbid; or spin, which needs the runtime to take a processor away from a loop.
package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"tuco/guestlib"
)

func main() {
	ticks, updates := guestlib.Ticks(), guestlib.Paging()
	fmt.Printf("hello: %s, %d processors, arguments %q\n", runtime.Version(), runtime.GOMAXPROCS(0), os.Args[1:])
	pages, free := guestlib.Memory()
	fmt.Printf("hello: main after %d ticks, %d page-table updates in %d hypercalls; %d of %d pages free\n",
		ticks, updates.Updates, updates.Flushes, free, pages)
	fmt.Println("hello: goroutines add up to", sums(100))
	fmt.Println("hello: slept", slept())
	fmt.Println("hello: garbage:", garbage())
	for _, word := range os.Args[1:] {
		end(word)
	}
	fmt.Println("hello: done")
}

// sums has goroutines add numbers, and hand them on by channels.
func sums(n int) (total int) {
	numbers, results := make(chan int), make(chan int)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			sum := 0
			for v := range numbers {
				sum += v
			}
			results <- sum
		})
	}
	go func() {
		for v := range n {
			numbers <- v
		}
		close(numbers)
		workers.Wait()
		close(results)
	}()
	for sum := range results {
		total += sum
	}
	return total
}

// slept tells whether a sleep took as long as it should.
func slept() string {
	const want = 50 * time.Millisecond
	begin := time.Now()
	time.Sleep(want)
	if took := time.Since(begin); took < want || took > want+5*time.Second {
		return "for " + took.String() + ", wanted " + want.String()
	}
	return "well"
}

// garbage makes some and has it collected.
func garbage() string {
	var kept [][]byte
	for i := range 2000 {
		b := make([]byte, 4096)
		b[i] = 1
		if i%100 == 0 {
			kept = append(kept, b)
		}
	}
	runtime.GC()
	for i, b := range kept {
		if b[100*i] != 1 {
			return "lost what was in use"
		}
	}
	return "collected"
}

// end does what a word of the command line asks for.
func end(word string) {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "exit":
		code, err := strconv.Atoi(value)
		if err != nil {
			fmt.Println("hello: exit wants a number:", err)
			code = 2
		}
		os.Exit(code)
	case "sleep":
		sleep(value)
	case "panic":
		panic("as asked for")
	case "nil":
		var nobody *struct{ name string }
		fmt.Println(nobody.name)
	case "deadlock":
		debug.FreeOSMemory() // while the runtime still gives memory back, now and then, it reports no deadlock
		select {}
	case "spin":
		spin()
	case "ls":
		list(value)
	case "cat":
		text, err := os.ReadFile(value)
		if err != nil {
			fmt.Println("hello:", err)
		}
		os.Stdout.Write(text)
	case "lines":
		lines()
	case "write-text":
		*(*byte)(code(main)) = 0
	case "run-data":
		data := []byte{0xc3} // RET
		entry := &data[0]
		pointer := &entry
		(*(*func())(unsafe.Pointer(&pointer)))()
	default:
		fmt.Printf("hello: %q is nothing that I know\n", word)
	}
}

// sleep has nothing to do for some time: one timer, which main waits for.
func sleep(milliseconds string) {
	n, err := strconv.Atoi(milliseconds)
	if err != nil {
		fmt.Println("hello: sleep wants a number of milliseconds:", err)
		os.Exit(2)
	}
	<-time.After(time.Duration(n) * time.Millisecond)
	fmt.Println("hello: woke up")
}

// lines reads lines until there are no more, while another goroutine runs as well.
func lines() {
	ticks := 0
	ticker := time.NewTicker(time.Millisecond)
	stop := make(chan int)
	go func() {
		for {
			select {
			case <-ticker.C:
				ticks++
			case stop <- ticks:
				return
			}
		}
	}()
	fmt.Println("hello: type something, and Ctrl-D to end")
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		fmt.Printf("hello: line %q\n", scanner.Text())
	}
	fmt.Println("hello: end of lines; others ran meanwhile:", <-stop > 0)
}

// list shows a directory and all below it.
func list(dir string) {
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil {
			fmt.Println("hello:", e)
		}
		return err
	})
	if err != nil {
		fmt.Println("hello:", err)
	}
}

// code is where a function's instructions are.
func code(f func()) unsafe.Pointer { return **(**unsafe.Pointer)(unsafe.Pointer(&f)) }

// spin has loops on all processors that call nothing, and looks whether others still run.
func spin() {
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for odd := 1; odd != 0; odd += 2 {
			}
		}()
	}
	for range 5 {
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Println("hello: loops don't keep the processors to themselves")
}
