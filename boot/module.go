package boot

import "tuco/kernel/frame"

// Module is a file that the loader put into memory. It stays where it is, so
// its frames must not be given to anybody before it was used.
type Module struct {
	Range
	// Usable is false if the module must not be touched; a problem says why.
	Usable bool

	nArgs int
	args  [ModuleArgsMax]byte
}

// Args is the string that the loader gave with the module, at most
// ModuleArgsMax bytes of it.
func (m *Module) Args() []byte { return m.args[:m.nArgs] }

// addModule notes a module and returns it, or nil if there is no room or its
// range is impossible. A module that cannot be used keeps its place, since
// the order of modules is the user's.
func (i *Info) addModule(start, size uint64) *Module {
	if i.nModules == MaxModules {
		return nil
	}
	index := i.nModules
	m := &i.modules[index]
	i.nModules++
	switch {
	case size == 0:
		i.warn(ModuleEmpty, uint64(index), start, 0)
	case start >= uint64(addrEnd) || size > uint64(addrEnd)-start:
		i.warn(ModuleWraps, uint64(index), start, size)
	default:
		m.Range = Range{frame.MAddr(start), frame.MAddr(start + size)}
		m.Usable = true
	}
	return m
}

// checkModules refuses modules that do not lie in RAM of their own.
func (i *Info) checkModules(image Image) {
	for k := range i.Modules() {
		m := &i.modules[k]
		if !m.Usable {
			continue
		}
		// The pages decide, not the bytes: frames have one owner.
		pages := Range{m.Start.Down(), m.End.Up()}
		switch {
		case !i.IsRAM(pages):
			i.refuse(k, ModuleOutsideRAM, 0)
		case pages.overlaps(image[0]) || pages.overlaps(image[1]):
			i.refuse(k, ModuleOverImage, 0)
		}
		for other := 0; other < k && m.Usable; other++ {
			o := &i.modules[other]
			if o.Usable && m.overlaps(o.Range) {
				i.refuse(k, ModuleOverModule, uint64(other))
			}
		}
	}
}

func (i *Info) refuse(index int, c Code, other uint64) {
	m := &i.modules[index]
	m.Usable = false
	if c == ModuleOverModule {
		i.warn(c, uint64(index), uint64(m.Start), other)
		return
	}
	i.warn(c, uint64(index), uint64(m.Start), m.Size())
}
