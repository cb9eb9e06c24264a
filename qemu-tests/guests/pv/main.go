package pv

import "tuco/kernel/text"

// A Group is tests of one subject.
type Group struct {
	Name  string
	Tests []Test
	Alone bool // not to be run with others: only when the command line names the group
}

// A Test is a function that checks something, under a name that is unique in its group.
type Test struct {
	Name string
	Run  func(*T)
}

// Main runs tests and says how it went: those of the groups that the command line names, as group=NAME or
// group=NAME+NAME, or else all; of them, with test=NAME, those of that name. There are no commas, which QEMU takes to
// separate modules.
func Main(groups ...*Group) {
	want, wantTest := Option("group="), Option("test=")
	known := len(want) == 0
	for _, g := range groups {
		if len(want) != 0 && !Listed(want, g.Name) || len(want) == 0 && g.Alone {
			continue
		}
		known = true
		for i := range g.Tests {
			test := &g.Tests[i]
			if len(wantTest) != 0 && !Listed(wantTest, test.Name) {
				continue
			}
			run(g.Name, test)
		}
	}
	if !known {
		var l text.Line
		fatal(l.Str("no group is called ").Quote(want))
	}
	Print("guest: %d checks", checks)
	Print("guest: %d passed, %d failed, %d skipped", passed, failed, skipped)
}

// Quirk tells whether the command line says, as quirk=NAME or quirk=NAME+NAME, that the emulator has a fault that a test
// must know of.
func Quirk(name string) bool { return Listed(Option("quirk="), name) }

// Option is the value of a word of the command line.
func Option(key string) []byte {
	line := CommandLine()
	for len(line) > 0 {
		word := line
		for i, c := range line {
			if c == ' ' {
				word = line[:i]
				break
			}
		}
		if text.HasPrefix(word, key) {
			return word[len(key):]
		}
		line = line[min(len(word)+1, len(line)):]
	}
	return nil
}

// Listed tells whether a name is in a list, between the signs +.
func Listed(list []byte, name string) bool {
	for len(list) >= len(name) {
		if text.HasPrefix(list, name) && (len(list) == len(name) || list[len(name)] == '+') {
			return true
		}
		for len(list) > 0 && list[0] != '+' {
			list = list[1:]
		}
		if len(list) > 0 {
			list = list[1:]
		}
	}
	return false
}
