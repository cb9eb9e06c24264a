package reach

import "strings"

// rule forbids functions, says what they do to the kernel, and what to write instead.
type rule struct {
	symbols string // separated by spaces; a final * stands for any ending
	what    string
	hint    string
	// redirected functions of this rule are no offence: the kernel has its own handler
	handled bool
}

const (
	useArray  = "use a fixed array and a count, or a pool of kernel/pool"
	redirect  = "the image builder has to redirect it to a handler of the kernel"
	useStatic = "store a pointer to a static variable, or use a concrete type"
	useLog    = "log with package klog"
)

// rules is the table of what must not be reached. Order matters: the first match counts.
var rules = []rule{
	{"runtime.growslice* runtime.moveSlice*", "appending allocates", useArray, false},
	{"runtime.makeslice*", "make of a variable size allocates", useArray, false},
	{"runtime.newobject runtime.mallocgc* runtime.newarray runtime.persistentalloc* runtime.sysAlloc*",
		"this allocates: a variable escapes to the heap",
		"go build -gcflags=-m tells why; a pointer to a local must not go to a function variable, an interface's method or a variable: use static memory or a pool of kernel/pool", false},
	{"runtime.makemap* runtime.mapaccess* runtime.mapassign* runtime.mapdelete* runtime.mapclear* runtime.mapIter* runtime.mapclone* internal/runtime/maps.*",
		"maps allocate", "use an array, or a sorted table", false},
	{"runtime.convT*", "converting a value that is no pointer to an interface allocates", useStatic, false},
	{"runtime.concatstring* runtime.concatbyte*", "concatenating strings allocates", "log the parts one by one", false},
	{"runtime.slicebytetostring* runtime.stringtoslice* runtime.slicerunetostring runtime.intstring runtime.rawstring* runtime.rawbyteslice",
		"converting between a string and bytes allocates", "compare in place (string(b) == \"x\" is free), or use unsafe.String where the bytes do not change", false},
	{"runtime.newproc*", "a go statement needs the scheduler", "the kernel has no goroutines: run to completion, or leave work for the next exit", false},
	{"runtime.makechan* runtime.chan* runtime.closechan runtime.select* runtime.recv runtime.send runtime.block",
		"channels need the scheduler", "the kernel has no goroutines: use an atomic or a lock of kernel/lock", false},
	{"runtime.deferproc* runtime.deferreturn* runtime.deferrangefunc runtime.deferconvert",
		"defer needs the scheduler's goroutine", "release at each return", false},
	{"runtime.gorecover", "recover needs the scheduler's goroutine", "return an error code", false},
	{"runtime.print*", "print writes by a system call", useLog, false},
	{"runtime.assertE2I* runtime.typeAssert runtime.getitab runtime.interfaceSwitch*",
		"asserting to an interface type searches and fills a table on the heap", "assert to concrete types", false},
	{"runtime.efaceeq runtime.ifaceeq runtime.interequal runtime.nilinterequal",
		"comparing two interface values calls through type descriptors and may panic", "compare the concrete values", false},
	{"runtime.typehash runtime.memhash* runtime.strhash* runtime.interhash runtime.nilinterhash",
		"hashing is for maps", "the kernel has no maps", false},
	{"runtime.gcWriteBarrier* runtime.wb* runtime.bulkBarrier*", "a write barrier is for the garbage collector",
		"build the package with -gcflags=-wb=false; do not use atomic.Pointer", false},
	{"sync/atomic.StorePointer sync/atomic.SwapPointer sync/atomic.CompareAndSwapPointer runtime.atomicwb runtime.atomicstorep internal/runtime/atomic.storePointer internal/runtime/atomic.casPointer sync/atomic.store* sync/atomic.swap* sync/atomic.compareAndSwap* sync/atomic.runtime_*",
		"storing a pointer atomically uses a write barrier", "store an index atomically", false},
	{"runtime.typedmemmove runtime.reflect_typedmemmove", "moving a large value that holds pointers uses write barriers, even where they are off", "copy field by field, or redirect it to the kernel's own move", true},
	{"runtime.typedslicecopy", "copying a slice whose elements hold pointers uses write barriers, even where they are off", "copy in a loop, or redirect it to the kernel's own copy", true},
	{"runtime.typedmemclr* runtime.memclrHasPointers", "clearing memory that holds pointers uses write barriers, even where they are off", "clear in a loop, or redirect it to the kernel's own clear", true},
	{"runtime.morestack* runtime.newstack", "growing the stack needs the scheduler", redirect, true},
	{"runtime.gopanic runtime.panicBounds64 runtime.throw runtime.fatal runtime.fatalpanic runtime.sigpanic* runtime.panicdottype* runtime.panicnildottype runtime.panicwrap runtime.panicmem*",
		"the runtime's panic needs a heap and a goroutine", redirect, true},
	{"runtime.systemstack* runtime.mcall runtime.gogo* runtime.asmcgocall* runtime.cgocall*", "switching stacks needs the scheduler", "the kernel has one stack a CPU", false},
	{"runtime.gopark* runtime.goready runtime.ready* runtime.schedule* runtime.Gosched runtime.goexit* runtime.lock* runtime.unlock* runtime.sem* runtime.note* runtime.futex* runtime.mstart* runtime.newm*",
		"this belongs to the scheduler", "use a lock of kernel/lock", false},
	{"sync.*", "package sync needs the scheduler", "use a lock of kernel/lock", false},
	{"runtime.GC runtime.gc* runtime.SetFinalizer runtime.AddCleanup*", "this belongs to the garbage collector", "there is none in the kernel", false},
	{"time.* runtime.nanotime* runtime.walltime*", "the kernel has no clock of the operating system", "use kernel/timer", false},
	{"os.* io.* syscall.* internal/poll.* internal/syscall/* internal/runtime/syscall/*", "this makes system calls", "there is no system below the kernel", false},
	{"reflect.* internal/reflectlite.*", "reflection allocates", "use concrete types", false},
	{"fmt.* strconv.* internal/strconv.* log.* errors.* strings.* bytes.* sort.* slices.* maps.*",
		"this package is not made for a kernel without a heap", "see the list of packages that the kernel may import; " + useLog, false},
}

// forbidden is the table made ready for look-ups.
type forbidden struct {
	exact  map[string]*rule
	prefix []prefixRule
}

type prefixRule struct {
	prefix string
	rule   *rule
}

func compileRules() forbidden {
	t := forbidden{exact: map[string]*rule{}}
	for i := range rules {
		for symbol := range strings.FieldsSeq(rules[i].symbols) {
			if prefix, ok := strings.CutSuffix(symbol, "*"); ok {
				t.prefix = append(t.prefix, prefixRule{prefix, &rules[i]})
			} else if t.exact[symbol] == nil {
				t.exact[symbol] = &rules[i]
			}
		}
	}
	return t
}

// match returns the rule against a function, or nil.
func (t forbidden) match(symbol string) *rule {
	symbol = strings.TrimSuffix(symbol, ".abi0")
	if r := t.exact[symbol]; r != nil {
		return r
	}
	for _, p := range t.prefix {
		if strings.HasPrefix(symbol, p.prefix) {
			return p.rule
		}
	}
	return nil
}
