package boottest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"tuco/control/config"
	"tuco/tools/tuco/host"
)

// keys are those that a test has besides a guest's.
var keys = []struct {
	name string
	read func(*reader)
}{
	{"steps", (*reader).steps},
	{"timeout", (*reader).timeout},
	{"max_console", func(r *reader) { r.test.MaxConsole = r.size(r.test.MaxConsole) }},
	{"never", (*reader).never},
	{"beside", (*reader).beside},
	{"volumes", (*reader).volumes},
	{"host_cpus", (*reader).cpus},
	{"host_memory", func(r *reader) { r.test.Machine.Memory = r.size(0) }},
	{"emulator", (*reader).emulator},
}

func keyNames() (names []string) {
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}

// Read reads a test's file.
func Read(file string) (*Test, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, source)
}

// Parse reads a test. Its errors name the file and the line, and all that is wrong is in them.
func Parse(file string, source []byte) (*Test, error) {
	language := config.Language{Keys: keyNames(), Functions: functions}
	guest, values, err := language.Parse(file, source)
	if err != nil {
		return nil, err
	}
	r := &reader{values: values, test: Test{
		File: file, Guest: guest, Values: values, Timeout: defaultTimeout, MaxConsole: defaultMaxConsole,
		Machine: Machine{Emulator: host.QEMU, CPUs: 1},
	}}
	for _, k := range keys {
		if r.key = k.name; values.Get(k.name) != nil {
			k.read(r)
		} else if k.name == "steps" {
			r.errs = append(r.errs, errors.New(file+`: steps: missing: write steps = [expect("…")], what the console is to show`))
		}
	}
	r.checkNames()
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	return &r.test, nil
}

// checkNames looks for guests of the same name, and for those that steps name.
func (r *reader) checkNames() {
	names := []string{r.test.Guest.Name}
	for _, o := range r.test.Beside {
		if slices.Contains(names, o.Name) {
			r.errs = append(r.errs, fmt.Errorf("%s: name: %s has a guest %q too; give one of them another name", o.File, r.test.File, o.Name))
		}
		names = append(names, o.Name)
	}
	for _, s := range r.test.Steps {
		switch {
		case s.Guest == "":
			s.Guest = r.test.Guest.Name
		case !slices.Contains(names, s.Guest):
			r.errs = append(r.errs, &config.Error{File: r.test.File, Line: s.Line, Key: "steps", Text: fmt.Sprintf(
				"there is no guest %q here; there are %s", s.Guest, strings.Join(names, ", "))})
		}
	}
}

// reader makes a Test of a file's values.
type reader struct {
	values *config.Values
	key    string // that is being read
	test   Test
	errs   []error
}

func (r *reader) fail(k int, format string, args ...any) {
	r.errs = append(r.errs, r.values.Errorf(r.key, k, format, args...))
}

// list is the elements of the key's value, of which there must be one.
func (r *reader) list(of string) (all []starlark.Value) {
	l, ok := r.values.Get(r.key).(*starlark.List)
	switch {
	case !ok:
		r.fail(-1, "is %s; it takes a list: %s = [ %s ]", config.Describe(r.values.Get(r.key)), r.key, of)
		return nil
	case l.Len() == 0:
		r.fail(-1, "is empty; leave it out, or write %s = [ %s ]", r.key, of)
	}
	for k := range l.Len() {
		all = append(all, l.Index(k))
	}
	return all
}

// strings are those of a list.
func (r *reader) strings(what string) (all []string) {
	for k, v := range r.list(`"…"`) {
		if s, ok := v.(starlark.String); ok && s != "" {
			all = append(all, string(s))
		} else {
			r.fail(k, "element %d is %s; each is a string, %s", k+1, config.Describe(v), what)
		}
	}
	return all
}

func (r *reader) steps() {
	for k, v := range r.list(`expect("…")`) {
		if s, ok := v.(*Step); ok {
			r.test.Steps = append(r.test.Steps, s)
		} else {
			r.fail(k, "element %d is %s; each is made by expect, send, wait or end", k+1, config.Describe(v))
		}
	}
}

// beside reads the guest.cfg files of other guests. Their names are relative to the test's directory.
func (r *reader) beside() {
	for k, name := range r.strings("the guest.cfg of another guest") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(r.test.File), name)
		}
		source, err := os.ReadFile(name)
		if err != nil {
			r.fail(k, "%v", err)
			continue
		}
		g, values, err := (&config.Language{}).Parse(name, source)
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		r.test.Beside = append(r.test.Beside, Guest{name, g, values})
	}
}

func (r *reader) timeout() {
	d, err := duration(r.values.Get(r.key))
	if err != nil {
		r.fail(-1, "%v", err)
		return
	}
	r.test.Timeout = d
}

func (r *reader) never() {
	for k, s := range r.strings("a regular expression") {
		p, err := compile(s)
		if err != nil {
			r.fail(k, "%v", err)
			p = regexp.MustCompile(`$^`)
		}
		r.test.Never = append(r.test.Never, p)
	}
}

// size is a string such as "64M".
func (r *reader) size(otherwise host.Size) host.Size {
	n, err := sizeOf(r.values.Get(r.key))
	if err != nil {
		r.fail(-1, "%v", err)
		return otherwise
	}
	return n
}

func sizeOf(v starlark.Value) (host.Size, error) {
	s, ok := v.(starlark.String)
	if !ok {
		return 0, fmt.Errorf(`is %s; it takes a size such as "64M"`, config.Describe(v))
	}
	n, err := host.ParseSize(string(s))
	if err != nil || n == 0 {
		return 0, fmt.Errorf(`%q is no size; write "64M" or "1G", say`, string(s))
	}
	return n, nil
}

func (r *reader) volumes() {
	d, ok := r.values.Get(r.key).(*starlark.Dict)
	if !ok {
		r.fail(-1, `is %s; it takes names with sizes: volumes = {"data": "64M"}`, config.Describe(r.values.Get(r.key)))
		return
	}
	r.test.Volumes = map[string]host.Size{}
	for _, item := range d.Items() {
		name, ok := item[0].(starlark.String)
		n, err := sizeOf(item[1])
		switch {
		case !ok || name == "":
			r.fail(-1, "a volume's name is a string, not %s", config.Describe(item[0]))
		case err != nil:
			r.fail(-1, "%s: %v", item[0], err)
		case n%host.MiB != 0:
			r.fail(-1, "%s: %v are not whole MiB", item[0], n)
		default:
			r.test.Volumes[string(name)] = n
		}
	}
}

func (r *reader) cpus() {
	n, ok := r.values.Get(r.key).(starlark.Int)
	cpus, fits := n.Int64()
	if !ok || !fits || cpus < 1 || cpus > host.MaxCPUs {
		r.fail(-1, "is %s; it takes a number of CPUs, 1 to %d", config.Describe(r.values.Get(r.key)), host.MaxCPUs)
		return
	}
	r.test.Machine.CPUs = int(cpus)
}

func (r *reader) emulator() {
	switch s, _ := starlark.AsString(r.values.Get(r.key)); s {
	case host.QEMU, host.Bochs:
		r.test.Machine.Emulator = s
	default:
		r.fail(-1, "is %s; it takes %q or %q", config.Describe(r.values.Get(r.key)), host.QEMU, host.Bochs)
	}
}
