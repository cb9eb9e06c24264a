package bundle

import (
	"tuco/kernel/frame"
	"tuco/kernel/text"
)

// config reads boot.cfg: lines of a key, blanks, and a value that reaches to
// the line's end. The key name begins a new domain; empty lines and lines that
// begin with # mean nothing. So a domain needs no closing mark, and empty
// lines may be used as one likes.
type config struct {
	b      *Bundle
	module []byte
	line   int
	seen   [numKeys]int // in which line the current domain has each key
}

func (b *Bundle) parseConfig(module, file []byte) Error {
	c := config{b: b, module: module}
	for len(file) > 0 {
		var line []byte
		line, file = nextLine(file)
		c.line++
		if err := c.readLine(trim(line)); !err.OK() {
			return err
		}
	}
	if b.n == 0 {
		return Error{Code: NoDomain}
	}
	return c.finish()
}

func nextLine(file []byte) (line, rest []byte) {
	for k, c := range file {
		if c == '\n' {
			return file[:k], file[k+1:]
		}
	}
	return file, nil
}

func (c *config) readLine(line []byte) Error {
	for _, ch := range line {
		if ch < ' ' && ch != '\t' || ch == 0x7f {
			return c.fail(ControlByte, line)
		}
	}
	if len(line) == 0 || line[0] == '#' {
		return Error{}
	}
	word, value := line, line[len(line):]
	for k, ch := range line {
		if ch == ' ' || ch == '\t' {
			word, value = line[:k], trim(line[k:])
			break
		}
	}
	k, known := findKey(word)
	switch {
	case !known:
		return c.fail(UnknownKey, word)
	case len(value) == 0 && k != keyArgs:
		return c.failKey(NoValue, k, nil)
	case len(value) > 0 && value[0] == '=' && k != keyArgs:
		return c.failKey(EqualSign, k, value)
	}
	if k == keyName {
		if err := c.finish(); !err.OK() {
			return err
		}
		return c.begin(value)
	}
	if c.b.n == 0 {
		return c.failKey(BeforeName, k, nil)
	}
	d := &c.b.domains[c.b.n-1]
	if c.seen[k] != 0 {
		err := c.failKey(Duplicate, k, d.Name)
		err.n[0] = uint64(c.seen[k])
		return err
	}
	c.seen[k] = c.line
	return c.set(d, k, value)
}

// begin starts a new domain.
func (c *config) begin(name []byte) Error {
	if len(name) > MaxName {
		return c.failKey(BadValue, keyName, name)
	}
	for _, ch := range name {
		l := text.Lower(ch)
		if !(l >= 'a' && l <= 'z' || ch >= '0' && ch <= '9' || ch == '.' || ch == '_' || ch == '-') {
			return c.failKey(BadValue, keyName, name)
		}
	}
	for k := range c.b.Domains() {
		if d := &c.b.domains[k]; string(d.Name) == string(name) {
			err := c.failKey(SameName, keyName, name)
			err.n[0] = uint64(d.Line)
			return err
		}
	}
	if c.b.n == MaxDomains {
		return c.failKey(TooManyDomains, keyName, name)
	}
	c.seen = [numKeys]int{}
	c.b.domains[c.b.n] = Domain{Name: name, Line: c.line, VCPUs: 1, Weight: DefaultWeight}
	c.b.n++
	return Error{}
}

// set gives the domain one value.
func (c *config) set(d *Domain, k key, value []byte) (err Error) {
	n, number := text.Uint(value)
	ok := true
	switch k {
	case keyKernel:
		d.KernelName = value
		d.Kernel, err = c.file(k, value)
		return err
	case keyRamdisk:
		d.RamdiskName = value
		d.Ramdisk, err = c.file(k, value)
		return err
	case keyArgs:
		d.Args = value
		ok = len(value) <= MaxArgs
	case keyMemory:
		d.Memory, ok = text.Bytes(value, 1<<20)
		ok = ok && d.Memory >= MinMemory && d.Memory <= MaxMemory && d.Memory%frame.PageSize == 0
	case keyVCPUs:
		d.VCPUs = int(n)
		ok = number && n >= 1 && n <= MaxVCPUs
	case keyWeight:
		d.Weight = int(n)
		ok = number && n >= 1 && n <= MaxWeight
	case keyCap:
		d.Cap = int(n)
		ok = number && n <= 100*MaxVCPUs
	case keyPrivileged:
		return c.privileged(d, value)
	}
	if !ok {
		return c.failKey(BadValue, k, value)
	}
	return Error{}
}

// privileged: the ABI knows one initial domain with power over the host.
func (c *config) privileged(d *Domain, value []byte) Error {
	switch string(value) {
	case "no":
		return Error{}
	case "yes":
	default:
		return c.failKey(BadValue, keyPrivileged, value)
	}
	for k := range c.b.Domains() {
		if o := &c.b.domains[k]; o.Privileged {
			err := c.failKey(SecondPrivileged, keyPrivileged, o.Name)
			err.n[0] = uint64(o.Line)
			return err
		}
	}
	d.Privileged = true
	return Error{}
}

func (c *config) file(k key, name []byte) ([]byte, Error) {
	data, err := findNamed(c.module, name)
	if !err.OK() {
		err.Line, err.key = c.line, k
	}
	return data, err
}

// finish checks the domain that ends here for what only the whole tells.
func (c *config) finish() Error {
	if c.b.n == 0 {
		return Error{}
	}
	d := &c.b.domains[c.b.n-1]
	for _, k := range [...]key{keyKernel, keyMemory} {
		if c.seen[k] == 0 {
			return Error{Code: Missing, Line: d.Line, key: k, word: d.Name}
		}
	}
	if d.Cap > 100*d.VCPUs {
		err := Error{Code: CapTooLarge, Line: c.seen[keyCap], key: keyCap, word: d.Name}
		err.n = [3]uint64{uint64(d.Cap), uint64(d.VCPUs)}
		return err
	}
	return Error{}
}

func (c *config) fail(code Code, word []byte) Error {
	return Error{Code: code, Line: c.line, key: numKeys, word: word}
}

func (c *config) failKey(code Code, k key, word []byte) Error {
	return Error{Code: code, Line: c.line, key: k, word: word}
}

// trim drops blanks, and the carriage return of a file from elsewhere.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}
