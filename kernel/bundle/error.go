package bundle

import "tuco/kernel/text"

// Code says what is wrong with a bundle.
type Code uint8

const (
	_ Code = iota

	// About the archive.
	NotAnArchive
	HeaderCut
	NoTrailer
	BadMagic
	BadNumber
	BadNameSize
	NameCut
	BadName
	DataCut
	BadSum
	TooManyEntries
	SecondArchive
	NoConfig

	// About boot.cfg.
	NoDomain
	ControlByte
	UnknownKey
	NoValue
	EqualSign
	BadValue
	BeforeName
	Duplicate
	SameName
	SecondPrivileged
	TooManyDomains
	Missing
	CapTooLarge
	NoSuchFile
	NotAFile
	EmptyFile
)

// Error is the first thing that is wrong; its zero value says that nothing is.
type Error struct {
	Code Code
	Line int // of boot.cfg, from 1; 0: it is not about a line
	key  key // that line's; numKeys: none
	n    [3]uint64
	word []byte // text that is quoted; it lies in the module
	what string
}

// OK says that there is no error.
func (e *Error) OK() bool { return e.Code == 0 }

// archiveMessages are for the errors that are about the archive; see
// text.Line.Template.
var archiveMessages = [...]string{
	HeaderCut:      "it is truncated: at offset %d a header of %d bytes should be, but only %d bytes are left",
	NoTrailer:      "it is truncated: it ends at offset %d without its closing entry TRAILER!!!",
	BadMagic:       "at offset %d there is no header of a newc cpio entry but ",
	BadNumber:      "at offset %d of the header there is no hexadecimal number but ",
	BadNameSize:    "the entry at offset %d has a name of %d bytes, but only 2 to %d are possible",
	NameCut:        "it is truncated: the entry at offset %d has a name of %d bytes that reaches beyond the end",
	BadName:        "the name of the entry at offset %d does not end with its only NUL",
	DataCut:        "it is truncated: the entry at offset %d has %d bytes of contents that reach beyond the end: file ",
	BadSum:         "it is damaged: the entry at offset %d has a wrong checksum: file ",
	TooManyEntries: "more than %d entries, the next at offset %d",
	SecondArchive:  "a second archive follows at offset %d; put all files into one",
}

// Text writes the error into l and returns it, without a final period.
func (e *Error) Text(l *text.Line) []byte {
	l.Reset()
	if e.Line == 0 {
		e.archiveText(l)
	} else {
		l.Template("boot.cfg line %d: ", uint64(e.Line))
		if e.key < numKeys {
			l.Str(keys[e.key].name).Str(": ")
		}
		e.lineText(l)
	}
	return l.Bytes()
}

func (e *Error) archiveText(l *text.Line) {
	switch e.Code {
	case NotAnArchive:
		l.Str("boot bundle: expected a newc cpio archive with a boot.cfg, but the module is ").Str(e.what)
		if len(e.word) > 0 {
			l.Str(" that begins with ").Quote(e.word)
		} else if e.what == "something else" {
			l.Str(" without any contents")
		}
	case NoConfig:
		l.Template("boot bundle: no boot.cfg among its %d entries", e.n[0])
		if len(e.word) > 0 {
			l.Str("; ").Quote(e.word).Str(" does not count: pack the folder's contents, not the folder")
		}
	case NoDomain:
		l.Str("boot.cfg: it describes no domain; the least is a name, a kernel and a memory line")
	case NotAFile, EmptyFile:
		e.lineText(l.Str("boot bundle: "))
	default:
		l.Str("boot bundle: ").Template(archiveMessages[e.Code], e.n[0], e.n[1], e.n[2])
		if len(e.word) > 0 {
			l.Quote(e.word)
		}
	}
}

func (e *Error) lineText(l *text.Line) {
	switch e.Code {
	case ControlByte:
		l.Str("it has a control character: ").Quote(e.word)
	case UnknownKey:
		l.Str("unknown key ").Quote(e.word)
		if near := nearestKey(e.word); near != "" {
			l.Str(" (did you mean ").Str(near).Str("?)")
			return
		}
		l.Str("; the keys are")
		for k := range keys {
			l.Str(" ").Str(keys[k].name)
		}
	case NoValue:
		l.Str("the value is missing; allowed: ").Str(keys[e.key].want)
	case EqualSign:
		l.Str("there is no '=' between key and value here: ").Quote(e.word)
	case BadValue:
		l.Quote(e.word).Str(" is not allowed; allowed: ").Str(keys[e.key].want)
	case BeforeName:
		l.Str("it stands before the first name; a domain begins with its name")
	case Duplicate:
		l.Str("domain ").Quote(e.word).Template(" has it already, in line %d; a new domain begins with its name", e.n[0])
	case SameName:
		l.Str("the domain of line ").Dec(e.n[0]).Str(" is also called ").Quote(e.word)
	case SecondPrivileged:
		l.Str("only one domain can be, and ").Quote(e.word).Template(" of line %d is", e.n[0])
	case TooManyDomains:
		l.Quote(e.word).Template(" is one domain too many; allowed: %d", MaxDomains)
	case Missing:
		l.Str("domain ").Quote(e.word).Str(" has none; it needs ").Str(keys[e.key].want)
	case CapTooLarge:
		l.Template("%d percent is more than the %d vCPUs of domain ", e.n[0], e.n[1]).Quote(e.word).
			Str(" can use; allowed: ").Str(keys[keyCap].want)
	case NoSuchFile:
		l.Str("the bundle has no file ").Quote(e.word)
	case NotAFile:
		l.Quote(e.word).Str(" in the bundle is not a regular file (a directory, a symbolic link or a device)")
	case EmptyFile:
		l.Str("the file ").Quote(e.word).Str(" in the bundle is empty")
	}
}
