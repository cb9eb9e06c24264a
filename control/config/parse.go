package config

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// Parse reads a guest.cfg. The file's name is for errors, which are of type Errors.
func Parse(file string, source []byte) (*Guest, error) {
	g, _, err := (&Language{}).Parse(file, source)
	return g, err
}

// ParsePlain is Parse for a file that is somebody else's: it must not compute. Guest.File writes such files.
func ParsePlain(file string, source []byte) (*Guest, error) {
	g, _, err := (&Language{plain: true}).Parse(file, source)
	return g, err
}

// A Language is guest.cfg with more in it: keys that say something else than what the guest is, and functions.
type Language struct {
	Keys      []string
	Functions starlark.StringDict

	plain bool // a file only says its values
}

// Parse reads a file of the language. The values are those of the language's own keys.
func (l *Language) Parse(file string, source []byte) (*Guest, *Values, error) {
	values, at, errs := evaluate(file, source, l)
	if errs != nil {
		return nil, nil, errs
	}
	r := &reader{file: file, values: values, at: at, keys: append(keyNames(), l.Keys...), guest: Guest{
		Type: TypePV, VCPUs: 1, Weight: DefaultWeight, OnPoweroff: Destroy, OnReboot: Restart, OnCrash: Destroy,
	}}
	r.refuseOthers()
	for _, k := range keys {
		if r.key = k.name; r.has(k.name) {
			k.read(r)
		} else if k.required != "" {
			r.errs = append(r.errs, &Error{File: file, Key: k.name, Text: "missing: " + k.required})
		}
	}
	r.finish()
	if len(r.errs) > 0 {
		return nil, nil, r.errs.sorted()
	}
	return &r.guest, &Values{file, values, at}, nil
}

// reader makes a Guest of a file's values.
type reader struct {
	file   string
	values starlark.StringDict
	at     map[string]position
	keys   []string // all that there may be
	key    string   // that is being read
	guest  Guest
	errs   Errors
}

func (r *reader) has(key string) bool { return r.values[key] != nil }

// fail says what is wrong with the key that is being read.
func (r *reader) fail(format string, args ...any) { r.failAt(r.at[r.key].line, format, args...) }

func (r *reader) failAt(line int, format string, args ...any) {
	r.errs = append(r.errs, &Error{File: r.file, Line: line, Key: r.key, Text: fmt.Sprintf(format, args...)})
}

// refuseOthers refuses variables that are no keys.
func (r *reader) refuseOthers() {
	r.key = ""
	for _, name := range r.values.Keys() {
		if strings.HasPrefix(name, "_") || slices.Contains(r.keys, name) {
			continue
		}
		line := r.at[name].line
		if remedy, ok := elsewhere[name]; ok {
			r.failAt(line, "the key %q of xl.cfg is not one of Tuco's: %s", name, remedy)
		} else {
			r.failAt(line, "%s; a variable of the file's own begins with _", unknown("key", name, r.keys))
		}
	}
}

// finish looks at what depends on several keys.
func (r *reader) finish() {
	if g := &r.guest; g.Cap > 100*g.VCPUs {
		r.key = "cap"
		r.fail("%d percent is more than %d vCPUs can use; at most %d, or 0 for no limit", g.Cap, g.VCPUs, 100*g.VCPUs)
	}
}
