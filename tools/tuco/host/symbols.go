package host

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Symbols finds the place in the source of an address in a kernel image.
type Symbols struct {
	functions []function  // ascending
	lines     *dwarf.Data // nil: the image has no debug information
}

// A function is code with a name, from start up to end.
type function struct {
	name       string
	start, end uint64
}

// LoadSymbols reads the symbols of an ELF file: the functions' names from its symbol table, files and lines from its
// debug information.
func LoadSymbols(path string) (*Symbols, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, err := file.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	symbols := &Symbols{}
	for _, symbol := range all {
		if section := codeSection(file, symbol); section != nil {
			end := symbol.Value + symbol.Size
			if symbol.Size == 0 { // an assembler's label
				end = section.Addr + section.Size
			}
			symbols.functions = append(symbols.functions, function{symbol.Name, symbol.Value, end})
		}
	}
	slices.SortFunc(symbols.functions, func(a, b function) int {
		// Labels share an address with the function behind them: the one that ends first comes last, and is found.
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	if lines, err := file.DWARF(); err == nil {
		symbols.lines = lines
	}
	return symbols, nil
}

// codeSection gives the section of a symbol that names code, else nil. Symbols of assembler files have no type.
func codeSection(file *elf.File, symbol elf.Symbol) *elf.Section {
	kind := elf.ST_TYPE(symbol.Info)
	if kind != elf.STT_FUNC && kind != elf.STT_NOTYPE || symbol.Section == elf.SHN_UNDEF || int(symbol.Section) >= len(file.Sections) {
		return nil
	}
	section := file.Sections[symbol.Section]
	if section.Flags&elf.SHF_EXECINSTR == 0 {
		return nil
	}
	return section
}

// Lookup gives an address as "function+0xoffset file:line", as much of it as is known. ok is false for an address in
// no function.
func (s *Symbols) Lookup(address uint64) (place string, ok bool) {
	name, start := s.function(address)
	if name == "" {
		return "", false
	}
	place = fmt.Sprintf("%s+%#x", name, address-start)
	if file, line := s.line(address); file != "" {
		place += fmt.Sprintf(" %s:%d", shortPath(file), line)
	}
	return place, true
}

// function gives the function that an address lies in, and where it starts; no name, if it lies in none.
func (s *Symbols) function(address uint64) (name string, start uint64) {
	i := sort.Search(len(s.functions), func(i int) bool { return s.functions[i].start > address }) - 1
	if i < 0 || address >= s.functions[i].end {
		return "", 0
	}
	return s.functions[i].name, s.functions[i].start
}

// Function gives the function that an address lies in, and where it starts. ok is false for an address in no function.
func (s *Symbols) Function(address uint64) (name string, start uint64, ok bool) {
	name, start = s.function(address)
	return name, start, name != ""
}

// Address finds a function's first instruction.
func (s *Symbols) Address(name string) (address uint64, ok bool) {
	for _, function := range s.functions {
		if function.name == name {
			return function.start, true
		}
	}
	return 0, false
}

// line gives the source line of an address; file is empty if it is not known.
func (s *Symbols) line(address uint64) (file string, line int) {
	if s.lines == nil {
		return "", 0
	}
	unit, err := s.lines.Reader().SeekPC(address)
	if err != nil {
		return "", 0
	}
	lines, err := s.lines.LineReader(unit)
	if err != nil || lines == nil {
		return "", 0
	}
	var entry dwarf.LineEntry
	if err := lines.SeekPC(address, &entry); err != nil || entry.File == nil {
		return "", 0
	}
	return entry.File.Name, entry.Line
}

// shortPath shortens a source file's path to its last three elements.
func shortPath(path string) string {
	parts := strings.Split(filepath.ToSlash(path), "/")
	return strings.Join(parts[max(0, len(parts)-3):], "/")
}

// kernelAddress matches an address in the top 2 GiB, where the kernel's text is.
var kernelAddress = regexp.MustCompile(`\b(?:0x)?(ffffffff[89a-f][0-9a-f]{7})\b`)

// sourceLine matches a file and line that the kernel printed by itself.
var sourceLine = regexp.MustCompile(`\.(go|s|S):\d`)

// Annotate adds to each kernel address of a log the place that it lies in. Lines that name a source line already stay
// as they are.
func (s *Symbols) Annotate(log string) string { return s.annotate(kernelAddress, log) }

// annotate does so for what an expression takes for an address.
func (s *Symbols) annotate(address *regexp.Regexp, log string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		if sourceLine.MatchString(line) {
			b.WriteString(line)
			continue
		}
		b.WriteString(address.ReplaceAllStringFunc(line, func(match string) string {
			address, err := strconv.ParseUint(strings.TrimPrefix(match, "0x"), 16, 64)
			if err != nil {
				return match
			}
			if place, ok := s.Lookup(address); ok {
				return match + " <" + place + ">"
			}
			return match
		}))
	}
	return b.String()
}
