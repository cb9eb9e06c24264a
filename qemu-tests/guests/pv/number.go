package pv

import "tuco/kernel/text"

// Number is what the command line says behind a key, as KEY=N; otherwise, if it does not say.
func Number(key string, otherwise uint64) uint64 {
	word := Option(key)
	if len(word) == 0 {
		return otherwise
	}
	n, ok := text.Uint(word)
	if !ok {
		var l text.Line
		fatal(l.Str(key).Str(" takes a number, not ").Quote(word))
	}
	return n
}
