package config

import (
	"fmt"

	"go.starlark.net/starlark"
)

// Values are what a file says with the keys of its Language.
type Values struct {
	file   string
	values starlark.StringDict
	at     map[string]position
}

// Get is a key's value; nil if the file does not have the key.
func (v *Values) Get(key string) starlark.Value { return v.values[key] }

// Line is where the file says it, from 1; 0 if it does not.
func (v *Values) Line(key string) int { return v.at[key].line }

// Errorf says that something is wrong with a key's value. Of a list it may be element k; -1 is the whole.
func (v *Values) Errorf(key string, k int, format string, args ...any) *Error {
	line := v.Line(key)
	if k >= 0 {
		line = v.at[key].element(k)
	}
	return &Error{File: v.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)}
}

// Describe names a value as its author wrote it, if that is short.
func Describe(v starlark.Value) string { return describe(v) }
