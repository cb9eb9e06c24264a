package advisories

// row is one fault.
type row struct {
	xsa   []int
	where string
	fault string // what went wrong elsewhere

	// tests are what would find it here, in one of these forms:
	//
	//	kernel/mm TestDuel          a host test
	//	model a table is unpinned…  a fault planted for the model of kernel/mm
	//	guest mm/recursive          a test of the guests, which boot on Tuco and on Xen
	//	selftest TLB flush          a check of the built-in self-test
	tests []string
	// never is why it can't happen here, or not in full.
	never string
	// later is the part that it belongs to, which does not exist yet.
	later string
}

const (
	pageTypes  = "page types"
	tlb        = "TLB"
	exits      = "exits"
	entry      = "PV entry"
	emulation  = "emulation"
	fpu        = "FPU"
	debug      = "debug registers"
	hypercalls = "hypercalls"
	grants     = "grants"
	events     = "events"
	rings      = "rings"
	store      = "store"
)

var table = []row{
	{[]int{148}, pageTypes, "A short cut for small changes of an L2 entry let the large-page bit in, and with it a writable window over 2 MiB of anything.",
		[]string{"kernel/calls TestXSA148LargePages", "model a large page in an upper entry", "model the fast path of an upper entry checks no bits",
			"model validation lets a large page in", "model a mapping becomes writable without a count", "guest mm/entries-upper"}, "", ""},
	{[]int{182}, pageTypes, "The same short cut at level 4 made a root's entry for itself writable.",
		[]string{"kernel/calls TestXSA182RootInItself", "model the user bit is not forced above L1", "guest mm/recursive"}, "There are no recursive page tables.", ""},
	{[]int{240, 309}, pageTypes, "Tables that point to tables of their own level made chains: unbounded recursion when they were taken apart, and a count that was reset.",
		[]string{"kernel/calls TestXSA240SameLevel", "model a table of any level will do", "guest mm/recursive"}, "There are no recursive page tables, and teardown is a list.", ""},
	{[]int{286}, pageTypes, "A table was reached through the guest's own mapping of it, which a stale TLB entry took elsewhere after a change above.",
		[]string{"kernel/calls TestXSA286UpperEntryChanged", "model an address is walked one table short", "model an address is walked through entries that are not present",
			"model no flush before a type changes"}, "Tables are read by their frames, never through a mapping of the guest's.", ""},
	{[]int{299, 310}, pageTypes, "A validation or teardown that was interrupted left a reference too many or too few with the table on which it stopped.",
		[]string{"kernel/calls TestXSA299Interrupted", "model a table is resumed with a reference too many", "model an entry is counted twice when validation goes on",
			"model an interrupted validation begins anew", "model a doomed table gives its entries back from the top once more",
			"model a table that fails gives back entries that were never counted"}, "", ""},
	{[]int{401}, pageTypes, "Between the look at a frame's type and the taking of it the type changed, and changed back, and a flush was left out.",
		[]string{"kernel/mm TestDuel", "model stamp read before the type can't be taken any more", "model a type may be taken while it changes"}, "", ""},
	{[]int{408}, pageTypes, "A condition of when a flush is due left out a case.",
		[]string{"model no flush before a type changes", "model a type change of the same count is taken for none",
			"model descriptors become writable without a flush", "model the last vCPU is never flushed", "model a flush that began with the stamp counts"}, "", ""},
	{[]int{45}, pageTypes, "Taking page tables apart could not be interrupted, for seconds.",
		[]string{"kernel/calls TestXSA290TeardownInSteps", "guest mm/pin-tree"}, "", ""},
	{[]int{58}, pageTypes, "A pin that failed forgot a reference on its way out.",
		[]string{"kernel/calls TestXSA58FailedPin", "model a refused table keeps its reference", "model a refused mapping keeps its reference", "guest mm/pin-refused"}, "", ""},
	{[]int{214, 217}, pageTypes, "A frame that went to another domain kept its type, or a TLB entry of the first owner's.",
		[]string{"kernel/calls TestXSA214FrameChangesHands", "model a frame that is mapped is exchanged", "model a frame comes back to a domain without a flush",
			"model a free frame is used anew without a flush", "model a frame is freed without a stamp"}, "", ""},
	{[]int{242}, pageTypes, "The last use of a table ended without the table's entries being given back.",
		[]string{"model the last reference to a table leaves it validated", "model the first entry of a table is never given back", "kernel/mm TestCrowd"}, "", ""},
	{[]int{494}, pageTypes, "The hypervisor believed of a vCPU that it had other tables loaded than it had.",
		[]string{"kernel/calls TestXSA494LoadedTables", "model the old root is given back before the new one is loaded", "model the old root is not given back",
			"guest mm/base", "guest mm/user-base"}, "", ""},
	{[]int{290}, pageTypes, "One more loop of teardown that could not be interrupted.",
		[]string{"kernel/calls TestXSA290TeardownInSteps"}, "", ""},
	{[]int{292}, tlb, "With tags for address spaces, a switch of tables flushed too little.",
		[]string{"kernel/tag TestNobodySeesAnothersEntries", "kernel/tag TestSpacesHaveTagsOfTheirOwn", "kernel/svm TestFlushIsNotLostWithoutAnEntry",
			"selftest two address spaces", "selftest flushes", "guest user/two-spaces", "guest mm/flush"}, "", ""},
	{[]int{293}, "context switch", "With FSGSBASE a guest's kernel ran with bases of its user's.",
		[]string{"guest segments/fsgsbase", "guest segments/bases-user", "selftest FS and GS base"}, "", ""},
	{[]int{273}, pageTypes, "Entries that are not present were left to the guest, and a processor read memory by them (L1 terminal fault).",
		[]string{"kernel/calls TestXSA273AbsentEntries", "model a non-present L1 entry names memory", "model a non-present upper entry names memory",
			"model validation lets a non-present entry name memory"}, "", ""},
	{[]int{402}, pageTypes, "Memory mapped with two kinds of caching showed a table's contents from before its validation.",
		[]string{"kernel/calls TestXSA402Caching", "model RAM that is not write-back"}, "", ""},
	{[]int{156}, exits, "The delivery of an exception raised the same exception for ever, and the CPU never came out.",
		[]string{"kernel/emul TestXSA156", "guest traps/single-step"}, "Exceptions of a paravirtual guest leave the container and are delivered in software, once.", ""},
	{[]int{170}, exits, "A guest was entered at an address that is not canonical.",
		[]string{"kernel/emul TestXSA170", "selftest entry that the processor refuses", "guest traps/iret-refused"}, "", ""},
	{[]int{260, 308}, exits, "A debug exception that a load of SS puts off came in the kernel, or the guest could not be entered with it.",
		[]string{"guest traps/shadow-step"}, "", ""},
	{[]int{215}, entry, "The frame of a failsafe callback was written to where the guest's stack pointer said, wherever that was.",
		[]string{"kernel/guestmem TestXSA215NotTheHypervisors"}, "What of the hypervisor's is in the guest's address space can't be written to there.", ""},
	{[]int{298}, entry, "A selector's descriptor was read beyond the table's limit.",
		[]string{"kernel/emul TestXSA298", "kernel/pv TestXSA298DescriptorLimits", "guest segments/gdt-refused", "guest segments/ldt-refused"}, "", ""},
	{[]int{195}, emulation, "A bit instruction with a large offset reached beyond its operand.",
		[]string{"kernel/emul TestXSA195"}, "", ""},
	{[]int{267}, fpu, "Vector registers that are switched when they are first used could be read before, speculatively.",
		[]string{"selftest XMM and YMM registers over 20000 exits", "selftest MXCSR, x87 control and pointers over 20000 exits", "guest traps/fpu-off"},
		"They are switched when the vCPU is, whether it uses them or not.", ""},
	{[]int{52}, fpu, "AMD's processors restore the x87 pointers only together with an exception: a guest read another's addresses.",
		[]string{"selftest MXCSR, x87 control and pointers over 20000 exits"}, "", ""},
	{[]int{53}, fpu, "Vector state as a guest had made it up was a fault of the hypervisor's own XRSTOR.",
		[]string{"kernel/container TestSetFXTakesAnything"}, "", ""},
	{[]int{444}, debug, "AMD's masks of breakpoint addresses stayed set from one guest to the next, and on hypervisor's data.",
		[]string{"kernel/pv TestXSA444DebugMasks", "kernel/container TestDebugRegistersAreMadeValid", "guest calls/debug-registers-refused"}, "", ""},
	{[]int{29, 212}, hypercalls, "Of the lists of a memory exchange nothing was checked, and later only where they begin.",
		[]string{"kernel/calls TestXSA212ExchangeLists", "guest memory/exchange-ranges"}, "", ""},
	{[]int{213}, hypercalls, "A multicall went on after iret, and made hypercalls for user mode.",
		[]string{"kernel/calls TestXSA213MulticallEndsWithIret", "guest multicall/iret"}, "", ""},
	{[]int{231}, hypercalls, "A number of the guest's (a memory node) was an index before it was checked.",
		[]string{"kernel/calls TestXSA296NumbersAreChecked", "kernel/calls TestReservationRefused"}, "", ""},
	{[]int{296}, hypercalls, "An argument of the guest's led to an assertion of the hypervisor's own.",
		[]string{"kernel/calls TestXSA296NumbersAreChecked"}, "", ""},

	{[]int{224}, grants, "Ending a mapping for the CPU and for a device at once dropped one reference too many.",
		[]string{"kernel/calls TestXSA224HostAndDevice", "guest grants/devices"}, "", ""},
	{[]int{227, 234}, grants, "The address of the entry was not checked for alignment; ending a mapping did not look at what the entry held.",
		[]string{"kernel/calls TestMapGrantRefused", "kernel/calls TestXSA234EntryIsNoMore", "kernel/calls TestGrantIsNotMultiplied", "guest grants/at-entry", "guest grants/overwritten"}, "", ""},
	{[]int{228, 236}, grants, "The list of free handles raced; a reference and a pin were taken in the wrong order.",
		[]string{"kernel/grant TestXSA228HandlesOfManyCPUs", "kernel/grant TestXSA236ReferenceBeforePin", "kernel/grant TestGranterAgainstUsers", "guest grants/together"}, "", ""},
	{[]int{255, 379, 384, 486}, grants, "A page of grant status (version 2) was freed while it was mapped.", nil, "There are grants of version 1 only.", ""},
	{[]int{226, 318}, grants, "A transitive copy went on without bound; a copy that went on in steps skipped a status.",
		[]string{"kernel/calls TestXSA318EveryElementHasItsStatus", "guest grants/list"}, "Transitive grants are of version 2.", ""},
	{[]int{316, 380}, grants, "An error came back as a positive number; teardown could not be interrupted.",
		[]string{"kernel/calls TestXSA316GrantsAtRandom", "kernel/calls TestXSA380EndInSteps"}, "", ""},

	{[]int{221, 317}, events, "A port that was never made, or is beyond the domain's limit, was followed.",
		[]string{"kernel/evtchn TestXSA317_PortBeyondLimit", "guest events/commands"}, "", ""},
	{[]int{338}, events, "A port that was valid in one check was gone in the next, after a reset.",
		[]string{"kernel/evtchn TestXSA338_ValidStaysValid", "guest events/reset"}, "", ""},
	{[]int{343}, events, "Resets raced with what used the channels.", []string{"kernel/evtchn TestXSA343_ResetRaces"}, "", ""},
	{[]int{344}, events, "Closing all channels could not be interrupted.", []string{"kernel/evtchn TestXSA344_PreemptibleClose"}, "", ""},
	{[]int{505}, events, "The table of channels grew while it was reset.", []string{"kernel/evtchn TestXSA505_GrowthAgainstReset"}, "", ""},
	{[]int{340, 359}, events, "A new channel was seen before its contents were.", []string{"kernel/evtchn TestXSA340_Publication"}, "", ""},
	{[]int{358}, events, "The same with the control blocks of FIFO channels.", nil, "Channels are of two levels.", ""},
	{[]int{496}, events, "A bind of a virtual interrupt that failed undid what another owner had.", []string{"kernel/evtchn TestXSA496_FailedBindKeepsTheOwner"}, "", ""},

	{[]int{155}, rings, "A back end read a request twice, and the front end changed it in between.", []string{"ring TestXSA155CopiedOnce", "control/blkback TestXSA155ChangesUnderWay", "control/netback TestChanging", "kernel/calls TestXSA155RingCopiedOnce"}, "", ""},
	{[]int{38, 86}, rings, "An index that the peer had made up became a length.", []string{"ring TestXSA38ImpossibleIndices", "guestlib/blk TestHostileResponses", "control/blkback TestXSA38Disconnects", "control/console TestXSA38Indices", "control/netback TestMisbehaved", "kernel/calls TestXSA38RingIndex", "guest mm/ring-index", "qemu-tests TestHostileBackEnds"}, "", ""},
	{[]int{376, 403}, rings, "A front end believed its back end; what neither had written leaked.", []string{"guestlib/blk TestHostileResponses", "guestlib/netfront TestHostileReceive", "guestlib/netfront TestHostileSend", "guestlib/blk TestXSA403NothingElseShared", "guestlib/netfront TestXSA403NothingElseShared", "ring TestNewRing", "qemu-tests TestHostileBackEnds"}, "", ""},
	{[]int{332, 391}, rings, "Events without end, with nothing behind them, kept the other side from all other work.",
		[]string{"control/limit TestIdle", "control/blkback TestNotifiesForNothing", "control/netback TestNotifiesForNothing", "control/console TestNotifiesForNothing",
			"control/store/serve TestEventsForNothing", "guestlib/blk TestEventsWithoutReason", "guestlib/netfront TestEventsWithoutReason"}, "", ""},
	{[]int{350}, rings, "A front end that came and went fast enough had a back end use a connection that was gone.",
		[]string{"control/backend TestComesTooOften", "control/backend TestBeginsAgain", "qemu-tests TestControlHostileFrontEnds"}, "One goroutine connects a device and parts from it.", ""},
	{[]int{361, 362, 365}, rings, "A back end took a mapping of a grant that failed for one that can't, or forgot those of the same request that had not.",
		[]string{"control/blkback TestBadRequests", "control/blkback TestManyPages", "control/netback TestBadPages", "qemu-tests TestControlHostileFrontEnds"}, "", ""},
	{[]int{39, 90, 423, 432, 448}, rings, "Slots of a frame that has no end, no length, or no header brought a network back end down.",
		[]string{"control/netback TestMisbehaved", "control/netback TestBadFrames", "qemu-tests TestControlHostileFrontEnds"}, "", ""},
	{[]int{392}, rings, "A guest that takes no frames had the network back end keep all that came for it.", []string{"control/netback TestWaiting"}, "", ""},
	{[]int{216}, rings, "Responses had bytes of the back end's stack in what is not used of them.", []string{"control/blkback TestXSA216Responses", "ring TestNewRing"}, "", ""},
	{[]int{396}, rings, "A front end freed a page while its back end had it mapped.", []string{"guestlib/grant TestPeerMapsMeanwhile", "guestlib/here TestUnshareMapped"}, "", ""},
	{[]int{115}, store, "Watches told of nodes that may not be read.", []string{"control/store TestXSA115WatchesSeeWhatReadsDo", "control/store TestModel"}, "", ""},
	{[]int{353}, store, "The root's rights were not looked at.", []string{"control/store TestXSA353TheRoot"}, "", ""},
	{[]int{322}, store, "A new domain inherited the rights of its number's last bearer.", []string{"control/store TestXSA322NumbersAreUsedAgain"}, "", ""},
	{[]int{206}, store, "Who writes without end kept others' transactions from ever being committed.", []string{"control/store TestConflicts", "control/store/serve TestXSA206TransactionsComeThrough"}, "", ""},
	{[]int{324}, store, "A watch's token was so long that its events did not fit in a message.", []string{"control/store TestXSA324LongTokens"}, "", ""},
	{[]int{330}, store, "Watches that a reset had ended still counted, or were never freed.", []string{"control/store TestXSA330ResetGivesBack"}, "", ""},
	{[]int{326}, store, "Requests, replies and events that nobody takes ate the daemon's memory, and so did what was not counted.", []string{"control/store TestXSA326EventsThatNobodyTakes", "control/store TestQuotas", "control/store TestOldTransactions", "control/store/serve TestFloods"}, "", ""},
	{[]int{415, 417}, store, "A removal that failed half-way, or a node made below one that was gone, left nodes that nobody could reach.", []string{"control/store TestXSA415NoOrphans", "control/store TestCommitIsRefused"}, "A change is a new root, which is taken over as a whole or not at all.", ""},
	{[]int{418}, store, "A path of many names exhausted the stack.", []string{"control/store TestXSA418DeepPaths"}, "", ""},
	{[]int{419}, store, "Nodes of domains that are gone were nobody's.", []string{"control/store TestXSA419NodesOfTheDead"}, "", ""},
	{[]int{421}, store, "Nodes of transactions were not accounted.", []string{"control/store TestXSA421TransactionsAreAccounted"}, "", ""},
	{[]int{481}, store, "A path led to an assertion.", []string{"control/store TestXSA481OddPaths", "control/store TestMalformed"}, "", ""},
	{[]int{484}, store, "A reset within a transaction freed what was in use.", []string{"control/store TestXSA484ResetInTransaction"}, "", ""},
}
