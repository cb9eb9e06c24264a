package config

import (
	"slices"
	"strings"
)

// field is a part of the string that describes a disk or an interface: key=value, or a value whose place tells its key.
type field struct {
	key, value string
	named      bool // it is a pair, or has a meaning by itself
}

// fields takes a string apart at its commas. target=… reaches to the end of the string, so that it may have commas.
func fields(s string) (list []field) {
	for rest, more := s, true; more; {
		var part string
		trimmed := strings.TrimLeft(rest, " \t")
		if strings.HasPrefix(trimmed, "target=") {
			part, more = trimmed, false
		} else {
			part, rest, more = strings.Cut(rest, ",")
		}
		part = strings.TrimSpace(part)
		key, value, named := strings.Cut(part, "=")
		if !named {
			key, value = "", part
		}
		list = append(list, field{strings.TrimSpace(key), strings.TrimSpace(value), named})
	}
	return list
}

// pairs are the values of a description by key, in which each key is known and stands once.
type pairs struct {
	r     *reader
	line  int
	known []string
	got   map[string]string
}

// set takes a value, and tells whether its key is known and new.
func (p *pairs) set(key, value string) bool {
	_, twice := p.got[key]
	switch {
	case !slices.Contains(p.known, key):
		p.r.failAt(p.line, "%s", unknown("parameter", key, p.known))
	case twice:
		p.r.failAt(p.line, "the parameter %s stands twice; remove one", key)
	default:
		p.got[key] = value
		return true
	}
	return false
}
