package cmdline

import "tuco/kernel/text"

// maxWord is the longest word, in bytes without quotes, that is understood.
const maxWord = 256

// Parse reads a command line. Bytes from a NUL on do not count.
func Parse(line []byte) Options {
	o := Default()
	var word [maxWord]byte
	for {
		rest, raw, n, fault := nextWord(line, &word)
		if len(raw) == 0 {
			return o
		}
		line = rest
		switch {
		case fault != 0:
			o.warn(fault, raw, nil)
		case text.Equal(word[:n], "--"):
			o.warn(dashes, raw, nil)
			return o
		default:
			o.set(word[:n])
		}
	}
}

// nextWord takes one word off the line: as it is written (raw, empty at the
// line's end) and, in word[:n], without quotes.
func nextWord(line []byte, word *[maxWord]byte) (rest, raw []byte, n int, fault kind) {
	start := 0
	for start < len(line) && blank(line[start]) {
		start++
	}
	quote := byte(0)
	k := start
	for ; k < len(line) && line[k] != 0; k++ {
		c := line[k]
		switch {
		case quote == 0 && blank(c):
			return line[k:], line[start:k], n, fault
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
			continue
		case quote != 0 && c == quote:
			quote = 0
			continue
		}
		if n == maxWord {
			fault = tooLong
			continue
		}
		word[n] = c
		n++
	}
	if quote != 0 {
		fault = openQuote
	}
	return nil, line[start:k], n, fault
}

func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// set carries out one word.
func (o *Options) set(word []byte) {
	name, value, hasValue := cut(word, '=')
	opt := find(name)
	on := true
	if opt == nil && text.HasPrefix(name, "no-") {
		if opt = find(name[len("no-"):]); opt != nil && !opt.boolean {
			opt = nil
		}
		on = false
	}
	switch {
	case opt == nil:
		o.warn(unknownWord, word, nil)
	case opt.boolean:
		given, ok := boolean(value)
		if !hasValue {
			given, ok = true, true
		}
		if !ok {
			o.warn(badValue, word, opt)
			return
		}
		o.setBool(opt.id, given == on)
	case !hasValue || !o.setValue(opt.id, value):
		o.warn(badValue, word, opt)
	}
}

func (o *Options) setBool(which id, on bool) {
	switch which {
	case selfTest:
		o.SelfTest = on
	case noReboot:
		o.NoReboot = on
	case counts:
		o.Counts = on
	case stay:
		o.Stay = on
	case stub:
		o.Stub = on
	case syncConsole: // it is always so
	}
}

// setValue carries out an option with a value and says whether the value is
// possible. If it is not, nothing changes.
func (o *Options) setValue(which id, v []byte) bool {
	switch which {
	case dom0Mem:
		m, ok := parseMem(v)
		if ok {
			o.Dom0Mem = m
			if m.tiny() {
				o.warn(tinyMemory, v, nil)
			}
		}
		return ok
	case dom0MaxVCPUs:
		r, ok := parseVCPUs(v)
		if ok {
			o.Dom0MaxVCPUs = r
		}
		return ok
	case maxCPUs:
		n, ok := text.Uint(v)
		if ok = ok && n >= 1 && n <= CPULimit; ok {
			o.MaxCPUs = int(n)
		}
		return ok
	case logLevel:
		return o.setLevel(v)
	case crash:
		for k := range crashNames {
			if text.Equal(v, crashNames[k]) {
				o.Crash = CrashKind(k)
				return true
			}
		}
	case trace:
		if on, ok := boolean(v); ok && len(v) > 1 { // 0 and 1 are masks
			o.Trace = 0
			if on {
				o.Trace = ^uint32(0)
			}
			return true
		}
		n, ok := text.Uint(v)
		if ok = ok && n>>32 == 0; ok {
			o.Trace = uint32(n)
		}
		return ok
	}
	return false
}

func (o *Options) setLevel(v []byte) bool {
	switch string(v) {
	case "error":
		o.LogLevel = LogError
	case "warning":
		o.LogLevel = LogWarning
	case "info":
		o.LogLevel = LogInfo
	case "debug", "all":
		o.LogLevel = LogDebug
	default:
		return false
	}
	return true
}

// boolean reads the words that Xen takes for yes and no.
func boolean(v []byte) (on, ok bool) {
	switch string(v) {
	case "yes", "on", "true", "enable", "1":
		return true, true
	case "no", "off", "false", "disable", "0":
		return false, true
	}
	return false, false
}

// cut splits b at the first c.
func cut(b []byte, c byte) (before, after []byte, found bool) {
	for k := range b {
		if b[k] == c {
			return b[:k], b[k+1:], true
		}
	}
	return b, nil, false
}
