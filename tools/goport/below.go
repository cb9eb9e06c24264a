package goport

// Below names the packages of the library that run below the Go runtime, on stacks that the garbage collector knows nothing
// of. They are built without write barriers. All others, the library's upper ones too, are ordinary Go and need theirs.
var Below = []string{
	"clock", "console", "cpu", "gate", "hypercalls", "mm", "paging", "sched", "spin", "start",
	"upcall",
}

// CompilerFlags is the flags of "go build" that say so.
func CompilerFlags() (flags []string) {
	for _, name := range Below {
		flags = append(flags, "-gcflags="+library+name+"=-wb=false")
	}
	return flags
}
