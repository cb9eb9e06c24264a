# make            builds all into out/
# make run        boots a host in QEMU with a web server, who asks it, and Linux as guests
# make test       all that CI runs       make test-long   soaks and long runs
# make check      the fast part          make iso         a GRUB ISO
# make gdb        boots under gdb        make deps        installs what is missing
# make test-on-xen   the test guests on Debian's Xen
# make bench      what operations cost, beside Debian's Xen

OUT := out
OBJ := $(OUT)/obj
GO  ?= go

export CGO_ENABLED := 0

# Programs that `make deps` unpacked, where the user is not root, come after the
# system's own.
DEPS := $(CURDIR)/$(OUT)/deps
ifneq ($(wildcard $(DEPS)/usr/bin),)
export PATH := $(PATH):$(DEPS)/usr/bin
export LD_LIBRARY_PATH := $(LD_LIBRARY_PATH):$(DEPS)/usr/lib/x86_64-linux-gnu:$(DEPS)/lib/x86_64-linux-gnu
endif

.PHONY: all kernel tool guests programs control deps run iso gdb test test-all test-host test-boot test-on-xen test-model test-long bench check fuzz clean

all: kernel tool guests programs control

# --- The hypervisor ----------------------------------------------------------
#
# The Go linker first, at the final virtual addresses (the number is
# layout.ImageBase, 0xffffffff80200000, as the signed number that -T takes);
# then mkimage and GNU ld. docs/building.md tells why.

KERNEL_FLAGS := -trimpath -buildvcs=false '-gcflags=tuco/...=-wb=false' \
	-ldflags '-E main.entry -T -0x7fe00000 -buildid= -checklinkname=0' -pgo=$(OBJ)/hotcalls.pgo
REDIRECTS := kernel/rt/redirects.txt
# The vector registers that entry and exit save: see exit.Regs, kernel/idt, kernel/svm, kernel/vmx.
XMM := X0,X14-X15

# For crash=heap, which shows what such a crash looks like.
ALLOW := tuco/kernel/crash.provokeHeap

kernel: $(OUT)/tuco.elf

# Go knows better than make what is up to date.
.PHONY: FORCE
FORCE:

$(OBJ)/kernel.elf: FORCE $(OBJ)/hotcalls
	@$(OBJ)/hotcalls -o $(OBJ)/hotcalls.pgo
	@$(GO) build $(KERNEL_FLAGS) -o $@ ./kernel

TOOLS := mkimage rtcheck layercheck hotcalls
$(TOOLS:%=$(OBJ)/%): $(OBJ)/%: FORCE
	@mkdir -p $(OBJ)
	@$(GO) build -trimpath -buildvcs=false -o $@ ./tools/$*

$(OBJ)/kernel.o: $(OBJ)/kernel.elf $(OBJ)/mkimage $(OBJ)/rtcheck $(OBJ)/layercheck $(REDIRECTS)
	@$(OBJ)/layercheck
	@$(OBJ)/rtcheck -redirects $(REDIRECTS) -xmm $(XMM) -allow $(ALLOW) $<
	@$(OBJ)/mkimage -in $< -redirects $(REDIRECTS) -allow $(ALLOW) -parts 4 -out $@

ASM := $(wildcard boot/asm/*.S kernel/pv/*.S kernel/selftest/*.S)
ASM_OBJ := $(patsubst %.S,$(OBJ)/%.o,$(notdir $(ASM)))
vpath %.S boot/asm kernel/pv kernel/selftest

$(OBJ)/%.o: %.S
	@mkdir -p $(OBJ)
	@as --64 -o $@ $<

$(OBJ)/guest.o: kernel/selftest/paravirtual.inc

$(OUT)/tuco.elf: linker.ld $(ASM_OBJ) $(OBJ)/kernel.o
	@ld -n -static -z noexecstack -T linker.ld -o $@ $(ASM_OBJ) $(OBJ)/kernel.o

# --- Test guests -------------------------------------------------------------
#
# Built like the hypervisor, each from its folder; the number is where guest.ld
# begins the text, 0xffffffff80002000. A guest's vector registers are its own, so
# the runtime's AVX code may stay: it looks at CPU features first, and finds none.

GUESTS := hello suite busy ends pair hostile
guests: $(GUESTS:%=$(OUT)/guests/%.elf) $(OUT)/guests/suite-p2m.elf

GUEST_DIR := qemu-tests/guests
GUEST_LIB := tuco/$(GUEST_DIR)/pv
GUEST_FLAGS := -trimpath -buildvcs=false '-gcflags=tuco/...=-wb=false' \
	-ldflags '-E $(GUEST_LIB).entry -T -0x7fffe000 -buildid= -checklinkname=0'
GUEST_REDIRECTS := $(GUEST_DIR)/pv/redirects.txt

$(GUESTS:%=$(OBJ)/guests/%.elf): $(OBJ)/guests/%.elf: FORCE
	@mkdir -p $(@D)
	@$(GO) build $(GUEST_FLAGS) -o $@ ./$(GUEST_DIR)/$*

$(OBJ)/guests/%.o: $(OBJ)/guests/%.elf $(OBJ)/mkimage $(OBJ)/rtcheck $(GUEST_REDIRECTS)
	@$(OBJ)/rtcheck -redirects $(GUEST_REDIRECTS) -avx $<
	@$(OBJ)/mkimage -in $< -redirects $(GUEST_REDIRECTS) -entry $(GUEST_LIB).entry -out $@

$(OBJ)/guests/notes.o: $(GUEST_DIR)/notes.S
	@mkdir -p $(@D)
	@as --64 -o $@ $<

.SECONDARY: $(GUESTS:%=$(OBJ)/guests/%.o)
$(OUT)/guests/%.elf: $(GUEST_DIR)/guest.ld $(OBJ)/guests/notes.o $(OBJ)/guests/%.o
	@mkdir -p $(@D)
	@ld -n -static -z noexecstack -T $(GUEST_DIR)/guest.ld -o $@ $(OBJ)/guests/notes.o $(OBJ)/guests/$*.o

# The same program, which asks for another start.
$(OBJ)/guests/notes-p2m.o: $(GUEST_DIR)/notes.S
	@mkdir -p $(@D)
	@as --64 --defsym P2M=1 -o $@ $<

$(OUT)/guests/suite-p2m.elf: $(GUEST_DIR)/guest.ld $(OBJ)/guests/notes-p2m.o $(OBJ)/guests/suite.o
	@mkdir -p $(@D)
	@ld -n -static -z noexecstack -T $(GUEST_DIR)/guest.ld -o $@ $(OBJ)/guests/notes-p2m.o $(OBJ)/guests/suite.o

# --- The command line tool ---------------------------------------------------

tool: $(OUT)/tuco $(OUT)/profile.so

$(OUT)/tuco: FORCE
	@$(GO) build -trimpath -buildvcs=false -o $@ ./tools/tuco

# QEMU's plugin that `tuco profile` counts with.
vpath %.S tools/tuco/profile
$(OUT)/profile.so: $(OBJ)/plugin.o
	@ld -shared -z noexecstack -o $@ $<

# --- Go programs as guests -----------------------------------------------------
#
# By "tuco build": the stock toolchain and runtime, on guestlib.

PROGRAMS := hello memory stress bench httpd events power devices tenant traffic iobench web asker rogue load wary parts
CONTROL_PROGRAMS := trial cycle storebench hostile
programs: $(OUT)/programs/linuxio $(PROGRAMS:%=$(OUT)/programs/%.elf) $(OUT)/programs/rawbench.elf $(OUT)/programs/greeter.elf $(CONTROL_PROGRAMS:%=$(OUT)/programs/%.elf)

$(CONTROL_PROGRAMS:%=$(OUT)/programs/%.elf): $(OUT)/programs/%.elf: $(OUT)/tuco FORCE
	@mkdir -p $(@D)
	@$(OUT)/tuco build ./control/$* -o $@ >/dev/null

$(OUT)/programs/%.elf: $(OUT)/tuco FORCE
	@mkdir -p $(@D)
	@$(OUT)/tuco build ./guests/$* -o $@ >/dev/null

# This one runs in Linux guests.
$(OUT)/programs/linuxio: FORCE
	@mkdir -p $(@D)
	@GOOS=linux GOARCH=amd64 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w' -o $@ ./guests/linuxio

$(OUT)/programs/greeter.elf: $(OUT)/tuco FORCE
	@mkdir -p $(@D)
	@$(OUT)/tuco build ./examples/greeter -o $@ >/dev/null

control: $(OUT)/control.elf

$(OUT)/control.elf: $(OUT)/tuco FORCE
	@$(OUT)/tuco build ./control -o $@ >/dev/null

# The measuring guest without Go. Its rows come in the order of these files.
RAWBENCH := guests/rawbench
RAWBENCH_OBJ := $(addprefix $(OBJ)/rawbench/,measure.o start.o print.o calls.o traps.o user.o events.o pages.o exits.o)

$(RAWBENCH_OBJ): $(OBJ)/rawbench/%.o: $(RAWBENCH)/%.S $(RAWBENCH)/rawbench.inc
	@mkdir -p $(@D)
	@as --64 -I $(RAWBENCH) -o $@ $<

$(OUT)/programs/rawbench.elf: $(RAWBENCH)/rawbench.ld $(RAWBENCH_OBJ)
	@mkdir -p $(@D)
	@ld -n -static -z noexecstack -T $< -o $@ $(RAWBENCH_OBJ)

# --- Images of others ----------------------------------------------------------
#
# Debian's Linux and Xen, unpacked below out/cache: where they are there already this takes no time.

.PHONY: images linux xen
images: linux xen

LINUX := $(OUT)/linux-amd64
linux: tool
	@$(OUT)/tuco image linux -o $(LINUX) >/dev/null

xen: tool
	@$(OUT)/tuco image xen >/dev/null

# --- Running -------------------------------------------------------------------
#
# deps may unpack programs below out/, which the PATH above has to name: so what
# needs them runs in a make of its own.

deps:
	@tools/deps

SUBMAKE = @$(MAKE) --no-print-directory

run: deps
	$(SUBMAKE) kernel control linux $(OUT)/programs/web.elf $(OUT)/programs/asker.elf
	@$(OUT)/tuco demo

iso: deps
	$(SUBMAKE) all
	@$(OUT)/tuco iso -o $(OUT)/tuco.iso

# Debugger and machine in one terminal; the console goes to out/gdb/hypervisor.log.
# EMULATOR=bochs for Bochs, APPEND="…" for the hypervisor's command line.
EMULATOR ?= qemu
gdb: all
	@tools/deps gdb
	@$(OUT)/tuco up --bare --cpus 2 --gdb --headless --emulator $(EMULATOR) --log-dir $(OUT)/gdb --append "$(APPEND)" & \
	host=$$!; trap 'kill $$host 2>/dev/null' EXIT; sleep 1; \
	gdb -q -ex 'set substitute-path tuco $(CURDIR)' -ex 'set tcp connect-timeout 20' \
		-ex 'target remote 127.0.0.1:1234' $(OUT)/tuco.elf

# --- Checking ------------------------------------------------------------------

test:
	@tools/deps test
	$(SUBMAKE) test-all

test-all: check
	$(SUBMAKE) -j2 test-host test-model test-boot

# The host tests at their full length, race detector on.
test-host:
	@CGO_ENABLED=1 $(GO) test -race ./...

# Models that are compiled with hooks in the code they drive, and with planted faults.
test-model:
	@$(GO) test -count=1 -tags model ./kernel/mm -model.steps=300000

# What one waits for before each commit.
check: all
	@test -z "$$(gofmt -l $(GO_DIRS))" || { gofmt -l $(GO_DIRS); echo "run gofmt -w on these files"; exit 1; }
	@$(GO) vet -tags boot,long,model,xen ./...
	@$(GO) tool staticcheck -tags boot,long,model,xen ./...
	@CGO_ENABLED=1 $(GO) test -race -short ./...
GO_DIRS := boot control examples guestlib guests hypercall kernel qemu-tests ring tools

# -count=1: a boot is not cached. What fails is booted once more, alone, and both outcomes are shown: on a busy machine
# the emulators have faults of their own (docs/boot-tests.md). More than three failures are no accident, and are not tried again.
test-boot: all images
	@$(GO) tool gotestsum --format testname --hide-summary skipped --rerun-fails=1 --rerun-fails-max-failures=3 \
		--packages ./qemu-tests -- -count=1 -timeout 45m -tags boot

# Fetches Xen where it is not there yet.
test-on-xen: all images
	@$(GO) test -count=1 -timeout 25m -tags boot,xen -run OnXen ./qemu-tests

test-long:
	@tools/deps test
	$(SUBMAKE) all
	@$(GO) test -count=1 -timeout 5h -tags boot,long ./qemu-tests
	@$(GO) test -count=1 -tags model ./kernel/mm -run TestModel -model.steps=10000000
	@$(GO) test -count=1 -timeout 1h ./control/volume -run TestPowerCuts -volume.cuts=20000

# out/bench.md and out/bench.json; the logs in out/bench. BENCH="WORD…" for some rows only.
bench: deps
	$(SUBMAKE) all
	@$(OUT)/tuco bench $(BENCH)

# Each fuzz target for FUZZTIME.
FUZZTIME ?= 20s
fuzz:
	@for p in $$($(GO) list ./boot ./control/... ./guestlib/... ./hypercall ./kernel/... ./ring/... ./tools/...); do \
		for f in $$($(GO) test -tags model -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; $(GO) test -tags model -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
		done; \
	done

clean:
	rm -rf $(OUT)
