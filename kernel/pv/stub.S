# The stub: code at privilege level 0 of a paravirtual vCPU's container. doc.go has
# the theory. The hypervisor copies it into a page that all vCPUs share; in each
# vCPU's part of the reserved area that page appears in front of the vCPU's
# domain.Stub, so that the code finds the data by their distance.
#
# Rules for this code:
#
#   - It starts with interrupts off, and ends by SYSRET or IRET with them on: an
#     event that comes meanwhile is delivered behind it (await in gate.go).
#   - What the guest names is used as an address only if it is not in the reserved
#     area, and may fault. A register that is changed before the last such access
#     was saved before.
#   - Behind that access the mode changes. Nothing can go wrong from there on.
#   - What is read from the guest's memory is read once.
#   - What is not plain goes to the hypervisor, as if the code had done nothing.
#
# The hypercall instruction is AMD's; on Intel's processors the hypervisor changes
# the last byte of the three that begin the page.

	.intel_syntax noprefix

	# Offsets in domain.Stub.
	.equ	IST,		0x24
	.equ	IO_BASE,	0x66
	.equ	KERNEL,		0x68
	.equ	RETURNS,	0x69
	.equ	SYSCALL_MASKS,	0x6a
	.equ	FAULT_MASKS,	0x6b
	.equ	IO_KERNEL,	0x6c
	.equ	IO_USER,	0x6e
	.equ	KERNEL_ROOT,	0x70
	.equ	USER_ROOT,	0x78
	.equ	KERNEL_SP,	0x80
	.equ	STACK_TOP,	0x88
	.equ	SYSCALL,	0x90
	.equ	FAULT,		0x98
	.equ	INFO,		0xa0
	.equ	GUEST_CR2,	0xa8
	.equ	SAVED_RAX,	0xb0
	.equ	SAVED_RBX,	0xb8
	.equ	SAVED_RSP,	0xc0
	.equ	FAULT_RAX,	0xc8
	.equ	FAULT_RBX,	0xd0
	.equ	FAULT_CR2,	0xd8
	.equ	RETURN_RIP,	0xe0
	.equ	RETURN_FLAGS,	0xf0
	.equ	RETURN_RSP,	0xf8
	.equ	OWN_RIP,	0x200
	.equ	OWN_CS,		0x208
	.equ	OWN_FLAGS,	0x210
	.equ	OWN_RSP,	0x218
	.equ	OWN_SS,		0x220
	.equ	FRAME_CODE,	0xfd0
	.equ	FRAME_RIP,	0xfd8
	.equ	FRAME_CS,	0xfe0
	.equ	FRAME_FLAGS,	0xfe8
	.equ	FRAME_RSP,	0xff0
	.equ	FRAME_SS,	0xff8
	.equ	NESTED,		0x40	# how much lower the frame of a fault in the stub lies

	# Offsets in vcpu_info.
	.equ	PENDING,	0
	.equ	MASK,		1
	.equ	INFO_CR2,	16

	# Offsets in iret's frame.
	.equ	IRET_RAX,	0
	.equ	IRET_R11,	8
	.equ	IRET_RCX,	16
	.equ	IRET_HOW,	24
	.equ	IRET_RIP,	32
	.equ	IRET_CS,	40
	.equ	IRET_FLAGS,	48
	.equ	IRET_RSP,	56
	.equ	IRET_SS,	64

	.equ	CALL_STACK_SWITCH, 3
	.equ	CALL_FPU_TASKSWITCH, 5
	.equ	CALL_XEN_VERSION, 17
	.equ	CALL_IRET,	23
	.equ	VERSION,	0x40011
	.equ	IN_SYSCALL,	0x100

	.equ	CS64,		0xe033
	.equ	CS64_KERNEL,	0xe030	# as frames show it
	.equ	SS64,		0xe02b

	# What LAR says of a segment, and of what it says what counts: 64-bit code and data to
	# write to, both of level 3, present, and marked as accessed.
	.equ	CODE_BITS,	0x60ff00
	.equ	CODE64,		0x20fb00
	.equ	DATA_BITS,	0x00ff00
	.equ	DATA,		0x00f300

	.equ	IF,		0x200
	.equ	SHOWN,		0x254dd7	# flags that a frame shows, but IF
	.equ	KEPT,		0x200cd7	# flags that survive an entry to the kernel
	.equ	TAKEN,		0x250ed7	# flags that a plain return may have

	.equ	CR0_TS,		8

	.equ	PF_PRESENT,	1
	.equ	PF_WRITE,	2
	.equ	PF_USER,	4
	.equ	PF_FETCH,	16

	# The reserved area is the addresses whose upper bits are these.
	.equ	AREA_SHIFT,	43
	.equ	AREA,		0x1ffff0

	# What the ways into the kernel have in common.

	# to_kernel uses the kernel's root, and the top of its stack.
	.macro	to_kernel
	mov	rax, [rip + page + KERNEL_ROOT]
	mov	cr3, rax
	mov	rsp, [rip + page + STACK_TOP]
	.endm

	# now_kernel changes the mode: behind it nothing can go wrong.
	.macro	now_kernel
	mov	byte ptr [rip + page + KERNEL], 1
	mov	ax, [rip + page + IO_KERNEL]
	mov	[rip + page + IO_BASE], ax
	swapgs
	.endm

	# stay_on_stack goes on below RAX, where the kernel was when it faulted, and has the frame say that it was the kernel.
	.macro	stay_on_stack
	and	rax, -16
	mov	rsp, rax
	and	dword ptr [rip + page + FRAME_CODE], ~PF_USER
	and	word ptr [rip + page + FRAME_CS], ~3
	.endm

	# push_fault pushes what IRET takes of a page fault's frame but RIP, with events on; push_fault_masked with them masked.
	.macro	push_fault
	push	[rip + page + FRAME_SS]
	push	[rip + page + FRAME_RSP]
	mov	eax, [rip + page + FRAME_FLAGS]
	and	eax, SHOWN
	or	eax, IF
	push	rax
	push	[rip + page + FRAME_CS]
	.endm

	.macro	push_fault_masked
	push	[rip + page + FRAME_SS]
	push	[rip + page + FRAME_RSP]
	mov	eax, [rip + page + FRAME_FLAGS]
	and	eax, SHOWN
	push	rax
	mov	eax, [rip + page + FRAME_CS]
	bts	rax, 32
	push	rax
	.endm

	# push_fault_rest pushes the rest, and masks events where the handler wants that.
	.macro	push_fault_rest
	push	[rip + page + FRAME_RIP]
	push	[rip + page + FRAME_CODE]
	push	r11
	push	rcx
	mov	al, [rip + page + FAULT_MASKS]
	or	[rbx + MASK], al
	.endm

	.section .stub, "a"
	.balign	16
	.globl	stub_start, stub_end
stub_start:
	.set	page, stub_start + 4096	# domain.Stub

# --- Ways out to the hypervisor --------------------------------------------------

call64:	vmmcall
	sysretq
	.org	stub_start + 16, 0xcc
call32:	vmmcall
	sysretd
	.org	stub_start + 32, 0xcc
call_fault:
	vmmcall			# never comes back
	.org	stub_start + 40, 0xcc

	# For the hypervisor: the handler of page faults; and from where to where the code
	# can fault in a system call, in another call, and in a page fault.
	.word	fault - stub_start
	.word	entry64 - stub_start, syscall_entered - stub_start
	.word	syscall_masked - stub_start, iret_left - stub_start
	.word	fault_kernel - stub_start, fault_entered - stub_start
	.word	own_return - stub_start	# … and the instruction that a guest's segments may fault

# --- SYSCALL ---------------------------------------------------------------------

	.org	stub_start + 64, 0xcc
entry64:
	cmp	byte ptr [rip + page + KERNEL], 0
	jne	hypercall

	mov	[rip + page + SAVED_RAX], rax
	mov	[rip + page + SAVED_RBX], rbx
	mov	[rip + page + SAVED_RSP], rsp
	cmp	qword ptr [rip + page + SYSCALL], 0
	je	slow
	mov	rbx, [rip + page + INFO]
	cmp	word ptr [rbx + PENDING], 0	# and MASK
	jne	syscall_masked
	to_kernel
	push	SS64
	push	[rip + page + SAVED_RSP]
	mov	eax, r11d
	and	eax, SHOWN
	or	eax, IF
	push	rax
	push	CS64
syscall_pushed:
	push	rcx
	push	r11
	push	rcx
	mov	al, [rip + page + SYSCALL_MASKS]
	or	[rbx + MASK], al
syscall_entered:
	now_kernel
	and	r11d, KEPT
	or	r11d, IF
	mov	rcx, [rip + page + SYSCALL]
	mov	rax, [rip + page + SAVED_RAX]
	mov	rbx, [rip + page + SAVED_RBX]
	sysretq

# --- Hypercalls ------------------------------------------------------------------

hypercall:
	cmp	rax, CALL_IRET
	je	iret
	ja	call64			# none of those behind it is served here
	cmp	rax, CALL_STACK_SWITCH
	je	stack_switch
	cmp	rax, CALL_FPU_TASKSWITCH
	je	fpu_taskswitch
	cmp	rax, CALL_XEN_VERSION
	jne	call64
	test	rdi, rdi		# XENVER_version
	jne	call64
	cmp	byte ptr [rip + page + RETURNS], 0
	je	call64
	mov	rax, [rip + page + INFO]
	cmp	byte ptr [rax + PENDING], 0	# guests make this call to be told
	mov	eax, VERSION
	je	called
	mov	eax, CALL_XEN_VERSION
	jmp	call64
called:	sysretq

stack_switch:
	cmp	byte ptr [rip + page + RETURNS], 0
	je	call64
	mov	rax, [rip + page + INFO]
	cmp	byte ptr [rax + PENDING], 0
	mov	eax, CALL_STACK_SWITCH
	jne	call64
	mov	rax, rsi
	shr	rax, AREA_SHIFT
	cmp	eax, AREA
	mov	eax, CALL_STACK_SWITCH
	je	call64
	mov	[rip + page + KERNEL_SP], rsi
	mov	rax, rsi
	and	rax, -16
	mov	[rip + page + STACK_TOP], rax
	xor	eax, eax
	sysretq

fpu_taskswitch:
	cmp	byte ptr [rip + page + RETURNS], 0
	je	call64
	mov	rax, [rip + page + INFO]
	cmp	byte ptr [rax + PENDING], 0
	mov	eax, CALL_FPU_TASKSWITCH
	jne	call64
	test	edi, edi
	jne	fpu_off
	clts
	xor	eax, eax
	sysretq
fpu_off:
	mov	rax, cr0
	or	eax, CR0_TS
	mov	cr0, rax
	xor	eax, eax
	sysretq

syscall_masked:
	cmp	byte ptr [rbx + MASK], 0
	je	slow
	to_kernel
	push	SS64
	push	[rip + page + SAVED_RSP]
	mov	eax, r11d
	and	eax, SHOWN
	push	rax
	mov	eax, CS64
	bts	rax, 32
	push	rax
	jmp	syscall_pushed

slow:	mov	rax, [rip + page + SAVED_RAX]
	mov	rbx, [rip + page + SAVED_RBX]
	jmp	call64

# --- iret ------------------------------------------------------------------------

iret_masking:
	test	dword ptr [rsp + IRET_HOW], IN_SYSCALL
	jne	slow			# R11 is to be what the frame says
	or	eax, IF
	mov	byte ptr [rbx + MASK], 1
	jmp	iret_masked

iret_as_sysret:
	mov	r11, [rip + page + RETURN_FLAGS]
	mov	rcx, [rip + page + RETURN_RIP]
	jmp	iret_left

iret_to_kernel:
	cmp	word ptr [rsp + IRET_CS], CS64_KERNEL
	jne	iret_own
	cmp	byte ptr [rip + page + RETURNS], 0
	je	slow
	test	dword ptr [rsp + IRET_HOW], IN_SYSCALL
	jne	slow
	sar	rax, 47
	inc	rax
	cmp	rax, 1
	ja	slow
	mov	rax, [rsp + IRET_RAX]
	mov	r11, [rsp + IRET_R11]
	mov	rcx, [rsp + IRET_RCX]
	mov	rbx, [rip + page + SAVED_RBX]
	lea	rsp, [rip + page + RETURN_RIP]
	iretq

# To segments of the guest's own, as Linux' are: they have to be flat ones of its GDT.
iret_own:
	test	dword ptr [rsp + IRET_HOW], IN_SYSCALL
	jne	slow
	movzx	ebx, word ptr [rsp + IRET_CS]
	mov	[rip + page + OWN_CS], rbx
	mov	eax, ebx
	and	eax, 7
	cmp	eax, 3
	jne	slow
	lar	ebx, ebx
	jne	slow
	and	ebx, CODE_BITS
	cmp	ebx, CODE64
	jne	slow
	movzx	ebx, word ptr [rsp + IRET_SS]
	mov	[rip + page + OWN_SS], rbx
	mov	eax, ebx
	and	eax, 7
	cmp	eax, 3
	jne	slow
	lar	ebx, ebx
	jne	slow
	and	ebx, DATA_BITS
	cmp	ebx, DATA
	jne	slow
	mov	rax, [rip + page + RETURN_FLAGS]
	mov	[rip + page + OWN_FLAGS], rax
	mov	rax, [rip + page + RETURN_RSP]
	mov	[rip + page + OWN_RSP], rax
	mov	rax, [rip + page + RETURN_RIP]
	mov	[rip + page + OWN_RIP], rax
	sar	rax, 47			# canonical: the upper bits are all alike
	inc	rax
	cmp	rax, 1
	ja	slow
	mov	rax, [rip + page + USER_ROOT]
	test	rax, rax
	je	slow
	mov	rbx, [rsp + IRET_RAX]
	mov	r11, [rsp + IRET_R11]
	mov	rcx, [rsp + IRET_RCX]
	jmp	own_left

iret:
	mov	[rip + page + SAVED_RAX], rax
	mov	[rip + page + SAVED_RBX], rbx
	mov	[rip + page + SAVED_RSP], rsp
	mov	rbx, rsp
	shr	rbx, AREA_SHIFT
	cmp	ebx, AREA
	je	slow
	mov	rax, [rsp + IRET_FLAGS]
	test	rax, ~TAKEN
	jne	slow
	mov	rbx, [rip + page + INFO]
	test	eax, IF
	je	iret_masking
	mov	byte ptr [rbx + MASK], 0	# and only then look
	cmp	byte ptr [rbx + PENDING], 0
	jne	slow
iret_masked:
	mov	[rip + page + RETURN_FLAGS], rax
	mov	rax, [rsp + IRET_RSP]
	mov	[rip + page + RETURN_RSP], rax
	mov	rax, [rsp + IRET_RIP]
	mov	[rip + page + RETURN_RIP], rax
	cmp	word ptr [rsp + IRET_SS], SS64
	jne	iret_own
	cmp	word ptr [rsp + IRET_CS], CS64
	jne	iret_to_kernel
	sar	rax, 47			# canonical: the upper bits are all alike
	inc	rax
	cmp	rax, 1
	ja	slow
	mov	rax, [rip + page + USER_ROOT]
	test	rax, rax
	je	slow
	test	dword ptr [rsp + IRET_HOW], IN_SYSCALL
	mov	rbx, [rsp + IRET_RAX]
	jne	iret_as_sysret
	mov	r11, [rsp + IRET_R11]
	mov	rcx, [rsp + IRET_RCX]
iret_left:
	mov	cr3, rax
	mov	byte ptr [rip + page + KERNEL], 0
	mov	ax, [rip + page + IO_USER]
	mov	[rip + page + IO_BASE], ax
	swapgs
	mov	rax, rbx
	mov	rbx, [rip + page + SAVED_RBX]
	lea	rsp, [rip + page + RETURN_RIP]
	iretq

own_left:
	mov	cr3, rax
	mov	byte ptr [rip + page + KERNEL], 0
	mov	ax, [rip + page + IO_USER]
	mov	[rip + page + IO_BASE], ax
	swapgs
	mov	rax, rbx
	mov	rbx, [rip + page + SAVED_RBX]
	lea	rsp, [rip + page + OWN_RIP]
own_return:
	iretq

# --- Page faults -----------------------------------------------------------------
#
# On the stack at the page's end, with the processor's frame at FRAME_CODE.

fault_kernel:
	and	eax, ~(PF_WRITE | PF_FETCH)
	cmp	eax, PF_USER
	jne	fault_slow
	mov	rax, [rip + page + FRAME_RSP]
	mov	rbx, rax
	shr	rbx, AREA_SHIFT
	cmp	ebx, AREA
	je	fault_slow
	mov	rbx, [rip + page + INFO]
	sub	qword ptr [rip + page + IST], NESTED
	cmp	word ptr [rbx + PENDING], 0
	jne	fault_kernel_masked
	stay_on_stack
	push_fault
fault_kernel_pushed:
	push_fault_rest
	jmp	fault_told

fault_kernel_masked:
	cmp	byte ptr [rbx + MASK], 0
	je	fault_undone
	stay_on_stack
	push_fault_masked
	jmp	fault_kernel_pushed

fault_masked:
	cmp	byte ptr [rbx + MASK], 0
	je	fault_undone
	to_kernel
	push_fault_masked
	jmp	fault_pushed

fault_undone:
	add	qword ptr [rip + page + IST], NESTED
fault_slow:
	mov	rax, [rip + page + FAULT_RAX]
	mov	rbx, [rip + page + FAULT_RBX]
	jmp	call_fault

fault:
	test	byte ptr [rsp + FRAME_CS - FRAME_CODE], 3
	je	call_fault		# it is ours
	mov	[rip + page + FAULT_RAX], rax
	mov	[rip + page + FAULT_RBX], rbx
	mov	rax, cr2
	mov	[rip + page + FAULT_CR2], rax
	cmp	qword ptr [rip + page + FAULT], 0
	je	fault_slow
	mov	eax, [rip + page + FRAME_CODE]
	cmp	byte ptr [rip + page + KERNEL], 0
	jne	fault_kernel
	and	eax, ~(PF_PRESENT | PF_WRITE | PF_FETCH)
	cmp	eax, PF_USER
	jne	fault_slow
	mov	rbx, [rip + page + INFO]
	sub	qword ptr [rip + page + IST], NESTED
	cmp	word ptr [rbx + PENDING], 0
	jne	fault_masked
	to_kernel
	push_fault
fault_pushed:
	push_fault_rest
fault_entered:
	now_kernel
fault_told:
	mov	rax, [rip + page + FAULT_CR2]
	mov	[rbx + INFO_CR2], rax
	mov	[rip + page + GUEST_CR2], rax
	add	qword ptr [rip + page + IST], NESTED
	mov	r11d, [rip + page + FRAME_FLAGS]
	and	r11d, KEPT
	or	r11d, IF
	mov	rcx, [rip + page + FAULT]
	mov	rax, [rip + page + FAULT_RAX]
	mov	rbx, [rip + page + FAULT_RBX]
	sysretq

stub_end:
