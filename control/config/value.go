package config

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// text is the key's value, a string.
func (r *reader) text() (string, bool) {
	s, ok := r.values[r.key].(starlark.String)
	if !ok {
		r.fail(`is %s; it takes a string: %s = "…"`, describe(r.values[r.key]), r.key)
	}
	return string(s), ok
}

const pathMax = 1024

// path is the key's value, the name of a file.
func (r *reader) path(what string) string {
	s, ok := r.text()
	control := func(c rune) bool { return c < ' ' || c == 0x7f }
	switch {
	case !ok:
	case s == "":
		r.fail("is empty; it takes %s", what)
	case len(s) > pathMax || strings.ContainsFunc(s, control) || !utf8.ValidString(s):
		r.fail("%q can't be the name of a file: it has at most %d bytes of UTF-8, and no control characters", shorten(s), pathMax)
	}
	return s
}

// choice is the key's value, one of some strings.
func (r *reader) choice(what string, known []string, otherwise string) string {
	s, ok := r.text()
	switch {
	case !ok:
		return otherwise
	case !slices.Contains(known, s):
		r.fail("%s", unknown(what, s, known))
		return otherwise
	}
	return s
}

// number is the key's value, a number from low to high.
func (r *reader) number(unit string, low, high int) int {
	i, ok := r.values[r.key].(starlark.Int)
	if !ok {
		r.fail("is %s; it takes a number: %s = %d", describe(r.values[r.key]), r.key, max(low, 1))
		return low
	}
	n, ok := i.Int64()
	switch {
	case i.Sign() < 0 || ok && n < int64(low):
		r.fail("%s is too little; %d to %d %s are possible", i, low, high, unit)
	case !ok || n > int64(high):
		r.fail("%s is too much; %d to %d %s are possible", shorten(i.String()), low, high, unit)
	default:
		return int(n)
	}
	return low
}

// list is the key's value, a list of at most so many strings, with their lines.
func (r *reader) list(most int, example string, each func(line int, s string)) {
	l, ok := r.values[r.key].(*starlark.List)
	if !ok {
		r.fail("is %s; it takes a list of strings: %s = [ '%s' ]", describe(r.values[r.key]), r.key, example)
		return
	}
	if l.Len() > most {
		r.fail("has %d elements; a guest has at most %d", l.Len(), most)
		return
	}
	for k := range l.Len() {
		line := r.at[r.key].element(k)
		if s, ok := l.Index(k).(starlark.String); ok {
			each(line, string(s))
		} else {
			r.failAt(line, "element %d is %s; each is a string: '%s'", k+1, describe(l.Index(k)), example)
		}
	}
}

// describe names a value as its author wrote it, if that is short.
func describe(v starlark.Value) string {
	switch v.(type) {
	case starlark.Int, starlark.Bool, starlark.NoneType, starlark.Float:
		return shorten(v.String())
	case starlark.String:
		return "the string " + shorten(v.String())
	}
	return "a " + v.Type()
}

func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
