package reach

import (
	"cmp"
	"debug/elf"
	"debug/gosym"
	"fmt"
	"slices"
	"strings"
)

// Func is a function symbol: a name and the bytes [Addr, Addr+Size).
type Func struct {
	Name string
	Addr uint64
	Size uint64 // bytes, without the padding up to the next function
}

// End is the address just after the function.
func (f Func) End() uint64 { return f.Addr + f.Size }

// Range is a range of addresses [Start, End).
type Range struct{ Start, End uint64 }

// section is an allocated section; data is nil where it has no bytes in the file (.bss).
type section struct {
	name string
	Range
	data []byte
	text bool
}

// Image is a linked Go program: an ELF64 file for x86-64 with its symbol table.
type Image struct {
	Entry uint64 // the address in the ELF header

	sections []section
	funcs    []Func // by address
	byName   map[string]int
	objects  []object // named data, by address
	lines    *gosym.Table
}

// Open reads the image in the named file.
func Open(name string) (*Image, error) {
	f, err := elf.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	im, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return im, nil
}

// Read takes what it needs from f, which may be closed afterwards.
func Read(f *elf.File) (*Image, error) {
	if f.Class != elf.ELFCLASS64 || f.Machine != elf.EM_X86_64 {
		return nil, fmt.Errorf("not an ELF64 file for x86-64 but %v, %v", f.Class, f.Machine)
	}
	im := &Image{Entry: f.Entry, byName: map[string]int{}}
	var text uint64
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || s.Size == 0 {
			continue
		}
		sec := section{
			name:  s.Name,
			Range: Range{s.Addr, s.Addr + s.Size},
			text:  s.Flags&elf.SHF_EXECINSTR != 0,
		}
		if s.Type != elf.SHT_NOBITS {
			var err error
			if sec.data, err = s.Data(); err != nil {
				return nil, fmt.Errorf("section %s: %w", s.Name, err)
			}
		}
		if s.Name == ".text" {
			text = s.Addr
		}
		im.sections = append(im.sections, sec)
	}
	slices.SortFunc(im.sections, func(a, b section) int { return cmp.Compare(a.Start, b.Start) })

	symbols, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("the symbol table is needed (do not link with -s): %w", err)
	}
	im.readSymbols(symbols)
	if len(im.funcs) == 0 {
		return nil, fmt.Errorf("the symbol table names no function")
	}
	if s := f.Section(".gopclntab"); s != nil {
		im.readLines(s, text)
	}
	return im, nil
}

func (im *Image) readSymbols(symbols []elf.Symbol) {
	for _, s := range symbols {
		sec := im.section(s.Value)
		if sec == nil || s.Name == "" {
			continue
		}
		if o := (object{s.Name, Range{s.Value, s.Value + s.Size}}); !sec.text {
			if s.Size > 0 || o.group() { // others mark a place only, such as runtime.etypes
				im.objects = append(im.objects, o)
			}
			continue
		}
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Size > 0 {
			im.funcs = append(im.funcs, Func{s.Name, s.Value, s.Size})
		}
	}
	slices.SortStableFunc(im.funcs, func(a, b Func) int { return cmp.Compare(a.Addr, b.Addr) })
	slices.SortStableFunc(im.objects, func(a, b object) int { return cmp.Compare(a.Start, b.Start) })
	for i, f := range im.funcs {
		im.byName[f.Name] = i
	}
}

// readLines makes file and line known; without them an address has to do.
func (im *Image) readLines(pclntab *elf.Section, text uint64) {
	data, err := pclntab.Data()
	if err != nil {
		return
	}
	if t, err := gosym.NewTable(nil, gosym.NewLineTable(data, text)); err == nil {
		im.lines = t
	}
}

// section returns the section that holds addr, or nil.
func (im *Image) section(addr uint64) *section {
	for i := range im.sections {
		if s := &im.sections[i]; s.Start <= addr && addr < s.End {
			return s
		}
	}
	return nil
}

// Lookup finds a function by its symbol. The suffix .abi0 of an assembly function may be
// left out where no Go wrapper has the plain name.
func (im *Image) Lookup(name string) (Func, bool) {
	i, ok := im.lookup(name)
	if !ok {
		return Func{}, false
	}
	return im.funcs[i], true
}

func (im *Image) lookup(name string) (int, bool) {
	if i, ok := im.byName[name]; ok {
		return i, true
	}
	i, ok := im.byName[name+".abi0"]
	return i, ok
}

// indexOf returns the index of the function with exactly this symbol, or -1.
func (im *Image) indexOf(symbol string) int {
	if i, ok := im.byName[symbol]; ok {
		return i
	}
	return -1
}

// funcAt returns the index of the function that holds addr.
func (im *Image) funcAt(addr uint64) (int, bool) {
	i, found := slices.BinarySearchFunc(im.funcs, addr, func(f Func, a uint64) int { return cmp.Compare(f.Addr, a) })
	if !found {
		i--
	}
	if i < 0 || addr >= im.funcs[i].End() {
		return 0, false
	}
	return i, true
}

// code returns the bytes of a function.
func (im *Image) code(f Func) []byte {
	s := im.section(f.Addr)
	if s == nil || s.data == nil || f.End() > s.End {
		return nil
	}
	return s.data[f.Addr-s.Start : f.End()-s.Start]
}

// Line tells the source position of an instruction, or its address where that is unknown.
func (im *Image) Line(pc uint64) string {
	if im.lines != nil {
		if file, line, fn := im.lines.PCToLine(pc); fn != nil && file != "" {
			return fmt.Sprintf("%s:%d", file, line)
		}
	}
	return fmt.Sprintf("%#x", pc)
}

// packageOf returns the import path in a symbol: all up to the first dot after the last
// slash, where what stands in brackets does not count.
func packageOf(symbol string) string {
	path := symbol
	if i := strings.IndexByte(path, '['); i >= 0 {
		path = path[:i]
	}
	slash := strings.LastIndexByte(path, '/') + 1
	dot := strings.IndexByte(path[slash:], '.')
	if dot < 0 {
		return ""
	}
	return path[:slash+dot]
}
