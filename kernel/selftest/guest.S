# The guest of the built-in self-test: 64-bit code at privilege level 0 that
# tries one thing after the other and reports each by a hypercall. The
# hypervisor copies it, for each CPU and way of paging, to CODE.
#
# guest.go has the same addresses, offsets, call and test numbers.
#
# Hypercall: number in RAX, arguments in RDI, RSI, RDX; result in RAX; every
# other register is kept. The instruction is AMD's; on Intel's processors the
# hypervisor changes its last byte, at the places that the fixups list.

	.intel_syntax noprefix

	.equ	DATA,		0x406000
	.equ	IDT,		0x40d000
	.equ	LAZY,		0x40e000	# not mapped at first
	.equ	REMAPPED,	0x40f000

	# In the page at DATA.
	.equ	FLAG,		DATA + 0x00	# [tuco]  the alarm went off
	.equ	VECTOR,		DATA + 0x08	# [guest] the last fault: vector, error code, CR2
	.equ	CODE,		DATA + 0x10
	.equ	ADDRESS,	DATA + 0x18
	.equ	RESUME,		DATA + 0x20	# [guest] where a fault's handler goes on; 0: no fault is expected
	.equ	TAKEN41,	DATA + 0x28	# [guest] interrupts taken at these vectors
	.equ	TAKEN42,	DATA + 0x30
	.equ	ROUNDS,		DATA + 0x38	# [guest]
	.equ	STACK,		DATA + 0x40	# [guest]
	.equ	HASAVX,		DATA + 0x48	# [guest]
	.equ	BADGPR,		DATA + 0x50	# [guest] what was found wrong: a register's place in patterns, plus 1
	.equ	BADVECTOR,	DATA + 0x58
	.equ	BADCONTROL,	DATA + 0x60
	.equ	NEXTCALL,	DATA + 0x68	# [guest]
	.equ	STATE,		DATA + 0x200	# [guest] the vector registers as found
	.equ	MXCSR,		DATA + 0x400	# [guest] the same of MXCSR and the x87 control word
	.equ	FCW,		DATA + 0x404
	.equ	X87,		DATA + 0x408	# [guest] the same of the x87 environment
	.equ	X87POINTER,	X87 + 12	# in it, the address of the last instruction

	# Hypercalls.
	.equ	CALL_NULL,	0
	.equ	CALL_REPORT,	1
	.equ	CALL_LOST,	2
	.equ	CALL_ALARM,	3
	.equ	CALL_INTERRUPT,	4
	.equ	CALL_YIELD,	5
	.equ	CALL_REMAP,	6
	.equ	CALL_TSC,	7
	.equ	CALL_FAREWELL,	8
	.equ	CALL_ECHO,	9
	.equ	NO_SUCH_CALL,	77

	.equ	ALL_ROUNDS,	20000
	.equ	YIELD_EACH,	1000
	.equ	NEW_MXCSR,	0x5fc0	# round up, denormals are zero, all exceptions masked
	.equ	NEW_FCW,	0x0b7f	# round up, all exceptions masked

	.section .selftest, "a"
	.balign	4096
	.globl	selftest_guest_start, selftest_guest_end
selftest_guest_start:
	.long	entry - selftest_guest_start
	.long	fixups - selftest_guest_start
	.long	fixups_end - selftest_guest_start
	.long	paravirtual - selftest_guest_start
	.long	trampoline - selftest_guest_start

	.subsection 1
fixups:
	.subsection 2
fixups_end:
selftest_guest_end:
	.subsection 0

	.macro	VENDORCALL
.Lcall\@:
	vmmcall
	.subsection 1
	.long	.Lcall\@ - selftest_guest_start
	.subsection 0
	.endm

	.macro	HYPERCALL
	VENDORCALL
	.endm

	# Within a test R13 says whether it failed, R14 the last value that was wrong.
	.macro	BEGIN
	xor	r13d, r13d
	xor	r14d, r14d
	.endm

	.macro	EXPECT value, wanted
	cmp	\value, \wanted
	je	.Lequal\@
	mov	r13d, 1
	mov	r14, \value
.Lequal\@:
	.endm

	.macro	REPORT test
	mov	edi, \test
	mov	rsi, r13
	mov	rdx, r14
	mov	eax, CALL_REPORT
	HYPERCALL
	.endm

	.macro	INVOKE number
	mov	eax, \number
	HYPERCALL
	.endm

	# The ticks that 1000 turns of a loop take go to TO.
	.macro	TURNS to, what:vararg
	rdtsc
	shl	rdx, 32
	or	rax, rdx
	mov	rbx, rax
	mov	ebp, 1000
.Lturn\@:
	xor	eax, eax
	\what
	dec	ebp
	jnz	.Lturn\@
	rdtsc
	shl	rdx, 32
	or	rax, rdx
	sub	rax, rbx
	mov	\to, rax
	.endm

	# For the report: what an empty hypercall takes.
	.macro	MEASURE
	TURNS	r8, HYPERCALL
	TURNS	r9
	sub	r8, r9
	mov	rax, r8
	xor	edx, edx
	mov	ecx, 1000
	div	rcx
	xor	r13d, r13d
	mov	r14, rax
	.endm

	# Where the next fault's handler goes on.
	.macro	ON_FAULT label
	lea	rax, [rip + \label]
	mov	ds:[RESUME], rax
	.endm

entry:
	call	fill_idt

	# --- hypercalls
	BEGIN
	mov	rdi, 0x1111
	mov	rsi, 0x2222
	mov	rdx, 0x4444
	INVOKE	CALL_ECHO		# returns the sum
	EXPECT	rax, 0x7777
	EXPECT	rdi, 0x1111
	EXPECT	rsi, 0x2222
	EXPECT	rdx, 0x4444
	REPORT	0
	BEGIN
	INVOKE	NO_SUCH_CALL
	EXPECT	rax, -38
	REPORT	1

	# --- CPUID
	BEGIN
	mov	eax, 0x40000000
	xor	ecx, ecx
	cpuid
	EXPECT	rbx, 0x6f637554		# "Tuco"
	EXPECT	rcx, 0x666c6573		# "self"
	EXPECT	rdx, 0x74736574		# "test"
	EXPECT	rax, 0x40000001
	REPORT	2

	# --- control registers: what is written reads back
	BEGIN
	mov	rax, cr0
	mov	rbx, rax
	xor	rbx, 1 << 18		# AM
	mov	cr0, rbx
	mov	r9, cr0
	EXPECT	r9, rbx
	mov	cr0, rax
	mov	r9, cr0
	EXPECT	r9, rax
	REPORT	3
	BEGIN
	mov	r11, cr3
	mov	cr3, r11
	mov	rbp, cr3
	EXPECT	rbp, r11
	REPORT	4
	BEGIN
	mov	rax, cr4
	mov	r8, rax
	xor	r8, 1 << 2		# TSD
	mov	cr4, r8
	mov	rcx, cr4
	EXPECT	rcx, r8
	mov	cr4, rax
	mov	rcx, cr4
	EXPECT	rcx, rax
	REPORT	5

	# --- model-specific registers
	BEGIN
	mov	ecx, 0xc0000081		# STAR
	mov	eax, 0x89abcdef
	mov	edx, 0x01234567
	wrmsr
	xor	eax, eax
	xor	edx, edx
	rdmsr
	mov	ebx, 0x89abcdef
	EXPECT	rax, rbx
	EXPECT	rdx, 0x01234567
	REPORT	6

	# --- ports: the host returns what was written last with the same size
	BEGIN
	mov	dx, 0x5c0
	mov	eax, 0x11223344
	out	dx, eax
	mov	ax, 0x5566
	out	dx, ax
	mov	al, 0x77
	out	0xe0, al
	mov	rax, -1
	in	al, 0xe0
	EXPECT	rax, 0xffffffffffffff77
	mov	rax, -1
	in	ax, dx
	EXPECT	rax, 0xffffffffffff5566
	mov	rax, -1
	in	eax, dx
	EXPECT	rax, 0x11223344
	REPORT	7
	BEGIN
	lea	rsi, [rip + patterns]
	mov	rbx, rsi
	mov	dx, 0x5c0
	outsb
	inc	rbx
	EXPECT	rsi, rbx
	REPORT	8

	# --- page faults: one that the host mends, with nested paging in two
	# steps, and one that it hands on
	BEGIN
	mov	rax, ds:[LAZY]
	EXPECT	rax, 0x6f637574
	REPORT	9
	REPORT	10
	BEGIN
	ON_FAULT after_write
	mov	rax, -1
	mov	ds:[LAZY + 8], rax
	mov	r13d, 1			# it must not have worked
after_write:
	mov	rax, ds:[VECTOR]
	EXPECT	rax, 14
	mov	rax, ds:[CODE]
	EXPECT	rax, 3
	mov	rax, ds:[ADDRESS]
	EXPECT	rax, LAZY + 8
	REPORT	11

	# --- an exception that is the guest's own
	BEGIN
	ON_FAULT after_ud2
	ud2
after_ud2:
	mov	rax, ds:[VECTOR]
	EXPECT	rax, 6
	REPORT	12

	# --- interrupts from outside: at once, held off by IF, and none left over
	BEGIN
	sti
	mov	edi, 0x41
	INVOKE	CALL_INTERRUPT
	nop
	mov	rax, ds:[TAKEN41]
	EXPECT	rax, 1
	REPORT	13
	BEGIN
	cli
	mov	edi, 0x41
	INVOKE	CALL_INTERRUPT
	nop
	mov	rax, ds:[TAKEN41]
	EXPECT	rax, 1
	sti
	nop				# the shadow of STI
	nop
	mov	rax, ds:[TAKEN41]
	EXPECT	rax, 2
	REPORT	14
	BEGIN
	int	0x42
	cli
	mov	rax, ds:[TAKEN42]
	EXPECT	rax, 1
	REPORT	15

	# --- an interrupt of the host's, which the guest must not see
	BEGIN
	sti
	INVOKE	CALL_ALARM
	call	wait_for_flag
	mov	rax, ds:[FLAG]
	EXPECT	rax, 1
	REPORT	16

	# --- the same while IF is clear. The entry after the call has IF set: Bochs
	# 2.7 looks at whether the host's interrupts leave an AMD guest only where IF
	# changes, and misses those of one that is entered with IF clear and leaves
	# it so.
	BEGIN
	mov	qword ptr ds:[FLAG], 0
	INVOKE	CALL_ALARM
	cli
	call	wait_for_flag
	mov	rax, ds:[FLAG]
	EXPECT	rax, 1
	REPORT	17

	# --- HLT. From here on the host's interrupts come at any instruction.
	BEGIN
	sti
	hlt
	REPORT	18

	# --- the time stamp counter, which the host sets forward by 2^40
	BEGIN
	rdtsc
	shl	rdx, 32
	or	rax, rdx
	mov	rbx, rax
	INVOKE	CALL_TSC
	rdtsc
	shl	rdx, 32
	or	rax, rdx
	sub	rax, rbx
	shr	rax, 40
	EXPECT	rax, 1
	REPORT	19

	# --- a mapping that the host changes
	BEGIN
	mov	rax, ds:[REMAPPED]
	EXPECT	rax, 0x01d
	INVOKE	CALL_REMAP
	mov	rax, ds:[REMAPPED]
	EXPECT	rax, 0x6f637574
	REPORT	20

	call	registers
	BEGIN
	mov	rax, ds:[BADGPR]
	EXPECT	rax, 0
	REPORT	21
	BEGIN
	mov	rax, ds:[BADVECTOR]
	EXPECT	rax, 0
	REPORT	22
	BEGIN
	mov	rax, ds:[BADCONTROL]
	EXPECT	rax, 0
	REPORT	23

	# --- the cost of a hypercall that does nothing, in ticks
	MEASURE
	REPORT	24

	# --- the end: with no interrupt table, an exception becomes a double fault
	INVOKE	CALL_FAREWELL
	lidt	[rip + no_idt]
	ud2

wait_for_flag:				# or give up after a while
	mov	ecx, 1 << 22
1:	pause
	cmp	qword ptr ds:[FLAG], 0
	jne	2f
	dec	ecx
	jnz	1b
2:	ret

	# --- all registers, over many exits: each round puts known values in the
	# general registers, exits, and looks at all of them. One in YIELD_EACH
	# makes the host take the vCPU off the processor and spoil the registers
	# before it goes on.
registers:
	mov	eax, 1
	xor	ecx, ecx
	cpuid
	xor	eax, eax
	and	ecx, 1 << 28 | 1 << 27	# AVX, OSXSAVE
	cmp	ecx, 1 << 28 | 1 << 27
	jne	1f
	xor	ecx, ecx
	xgetbv
	and	eax, 6
	cmp	eax, 6
	sete	al
	movzx	eax, al
1:	mov	ds:[HASAVX], rax
	mov	qword ptr ds:[ROUNDS], ALL_ROUNDS
	mov	ds:[STACK], rsp
	lea	rsi, [rip + patterns]
	mov	edi, STATE
	mov	ecx, 64
	rep	movsq
	mov	dword ptr ds:[MXCSR], NEW_MXCSR
	ldmxcsr	ds:[MXCSR]
	mov	word ptr ds:[FCW], NEW_FCW
	fldcw	ds:[FCW]
	cmp	qword ptr ds:[HASAVX], 0
	je	1f
	vmovdqu	ymm0, [rip + patterns + 32*0]
	vmovdqu	ymm1, [rip + patterns + 32*1]
	vmovdqu	ymm2, [rip + patterns + 32*2]
	vmovdqu	ymm3, [rip + patterns + 32*3]
	vmovdqu	ymm4, [rip + patterns + 32*4]
	vmovdqu	ymm5, [rip + patterns + 32*5]
	vmovdqu	ymm6, [rip + patterns + 32*6]
	vmovdqu	ymm7, [rip + patterns + 32*7]
	vmovdqu	ymm8, [rip + patterns + 32*8]
	vmovdqu	ymm9, [rip + patterns + 32*9]
	vmovdqu	ymm10, [rip + patterns + 32*10]
	vmovdqu	ymm11, [rip + patterns + 32*11]
	vmovdqu	ymm12, [rip + patterns + 32*12]
	vmovdqu	ymm13, [rip + patterns + 32*13]
	vmovdqu	ymm14, [rip + patterns + 32*14]
	vmovdqu	ymm15, [rip + patterns + 32*15]
	jmp	round
1:
	movdqu	xmm0, [rip + patterns + 32*0]
	movdqu	xmm1, [rip + patterns + 32*1]
	movdqu	xmm2, [rip + patterns + 32*2]
	movdqu	xmm3, [rip + patterns + 32*3]
	movdqu	xmm4, [rip + patterns + 32*4]
	movdqu	xmm5, [rip + patterns + 32*5]
	movdqu	xmm6, [rip + patterns + 32*6]
	movdqu	xmm7, [rip + patterns + 32*7]
	movdqu	xmm8, [rip + patterns + 32*8]
	movdqu	xmm9, [rip + patterns + 32*9]
	movdqu	xmm10, [rip + patterns + 32*10]
	movdqu	xmm11, [rip + patterns + 32*11]
	movdqu	xmm12, [rip + patterns + 32*12]
	movdqu	xmm13, [rip + patterns + 32*13]
	movdqu	xmm14, [rip + patterns + 32*14]
	movdqu	xmm15, [rip + patterns + 32*15]

round:
	dec	qword ptr ds:[ROUNDS]
	js	last_round
	mov	rax, ds:[ROUNDS]
	xor	edx, edx
	mov	ecx, YIELD_EACH
	div	rcx
	mov	eax, CALL_NULL
	mov	ecx, CALL_YIELD
	test	edx, edx
	cmovz	eax, ecx
	mov	ds:[NEXTCALL], rax
	mov	rbx, [rip + patterns + 8*0]
	mov	rcx, [rip + patterns + 8*1]
	mov	rdx, [rip + patterns + 8*2]
	mov	rbp, [rip + patterns + 8*3]
	mov	rsi, [rip + patterns + 8*4]
	mov	rdi, [rip + patterns + 8*5]
	mov	r8, [rip + patterns + 8*6]
	mov	r9, [rip + patterns + 8*7]
	mov	r10, [rip + patterns + 8*8]
	mov	r11, [rip + patterns + 8*9]
	mov	r12, [rip + patterns + 8*10]
	mov	r13, [rip + patterns + 8*11]
	mov	r14, [rip + patterns + 8*12]
	mov	r15, [rip + patterns + 8*13]
	mov	rax, ds:[NEXTCALL]
	HYPERCALL

	test	rax, rax
	jne	bad_rax
	cmp	rsp, ds:[STACK]
	jne	bad_rsp
	cmp	rbx, [rip + patterns + 8*0]
	jne	bad_rbx
	cmp	rcx, [rip + patterns + 8*1]
	jne	bad_rcx
	cmp	rdx, [rip + patterns + 8*2]
	jne	bad_rdx
	cmp	rbp, [rip + patterns + 8*3]
	jne	bad_rbp
	cmp	rsi, [rip + patterns + 8*4]
	jne	bad_rsi
	cmp	rdi, [rip + patterns + 8*5]
	jne	bad_rdi
	cmp	r8, [rip + patterns + 8*6]
	jne	bad_r8
	cmp	r9, [rip + patterns + 8*7]
	jne	bad_r9
	cmp	r10, [rip + patterns + 8*8]
	jne	bad_r10
	cmp	r11, [rip + patterns + 8*9]
	jne	bad_r11
	cmp	r12, [rip + patterns + 8*10]
	jne	bad_r12
	cmp	r13, [rip + patterns + 8*11]
	jne	bad_r13
	cmp	r14, [rip + patterns + 8*12]
	jne	bad_r14
	cmp	r15, [rip + patterns + 8*13]
	jne	bad_r15
general_done:
	cmp	qword ptr ds:[HASAVX], 0
	je	1f
	vmovdqu	ds:[STATE + 32*0], ymm0
	vmovdqu	ds:[STATE + 32*1], ymm1
	vmovdqu	ds:[STATE + 32*2], ymm2
	vmovdqu	ds:[STATE + 32*3], ymm3
	vmovdqu	ds:[STATE + 32*4], ymm4
	vmovdqu	ds:[STATE + 32*5], ymm5
	vmovdqu	ds:[STATE + 32*6], ymm6
	vmovdqu	ds:[STATE + 32*7], ymm7
	vmovdqu	ds:[STATE + 32*8], ymm8
	vmovdqu	ds:[STATE + 32*9], ymm9
	vmovdqu	ds:[STATE + 32*10], ymm10
	vmovdqu	ds:[STATE + 32*11], ymm11
	vmovdqu	ds:[STATE + 32*12], ymm12
	vmovdqu	ds:[STATE + 32*13], ymm13
	vmovdqu	ds:[STATE + 32*14], ymm14
	vmovdqu	ds:[STATE + 32*15], ymm15
	jmp	2f
1:
	movdqu	ds:[STATE + 32*0], xmm0
	movdqu	ds:[STATE + 32*1], xmm1
	movdqu	ds:[STATE + 32*2], xmm2
	movdqu	ds:[STATE + 32*3], xmm3
	movdqu	ds:[STATE + 32*4], xmm4
	movdqu	ds:[STATE + 32*5], xmm5
	movdqu	ds:[STATE + 32*6], xmm6
	movdqu	ds:[STATE + 32*7], xmm7
	movdqu	ds:[STATE + 32*8], xmm8
	movdqu	ds:[STATE + 32*9], xmm9
	movdqu	ds:[STATE + 32*10], xmm10
	movdqu	ds:[STATE + 32*11], xmm11
	movdqu	ds:[STATE + 32*12], xmm12
	movdqu	ds:[STATE + 32*13], xmm13
	movdqu	ds:[STATE + 32*14], xmm14
	movdqu	ds:[STATE + 32*15], xmm15
2:
	lea	rsi, [rip + patterns]
	mov	edi, STATE
	mov	ecx, 64
	repe	cmpsq
	je	3f
	neg	rcx
	add	rcx, 64
	mov	ds:[BADVECTOR], rcx
3:	stmxcsr	ds:[MXCSR]
	cmp	dword ptr ds:[MXCSR], NEW_MXCSR
	jne	4f
	fnstcw	ds:[FCW]
	cmp	word ptr ds:[FCW], NEW_FCW
	jne	4f
	fnstenv	ds:[X87]		# masks all exceptions, which they are
	mov	eax, ds:[X87POINTER]	# none of ours has set it
	test	eax, eax
	je	round
	mov	ds:[BADCONTROL], rax
	jmp	round
4:	mov	rax, ds:[MXCSR]
	mov	ds:[BADCONTROL], rax
	jmp	round
last_round:
	ret

bad_rax:
	mov	qword ptr ds:[BADGPR], 100
	jmp	general_done
bad_rsp:
	mov	rsp, ds:[STACK]
	mov	qword ptr ds:[BADGPR], 101
	jmp	general_done
bad_rbx:
	mov	qword ptr ds:[BADGPR], 1
	jmp	general_done
bad_rcx:
	mov	qword ptr ds:[BADGPR], 2
	jmp	general_done
bad_rdx:
	mov	qword ptr ds:[BADGPR], 3
	jmp	general_done
bad_rbp:
	mov	qword ptr ds:[BADGPR], 4
	jmp	general_done
bad_rsi:
	mov	qword ptr ds:[BADGPR], 5
	jmp	general_done
bad_rdi:
	mov	qword ptr ds:[BADGPR], 6
	jmp	general_done
bad_r8:
	mov	qword ptr ds:[BADGPR], 7
	jmp	general_done
bad_r9:
	mov	qword ptr ds:[BADGPR], 8
	jmp	general_done
bad_r10:
	mov	qword ptr ds:[BADGPR], 9
	jmp	general_done
bad_r11:
	mov	qword ptr ds:[BADGPR], 10
	jmp	general_done
bad_r12:
	mov	qword ptr ds:[BADGPR], 11
	jmp	general_done
bad_r13:
	mov	qword ptr ds:[BADGPR], 12
	jmp	general_done
bad_r14:
	mov	qword ptr ds:[BADGPR], 13
	jmp	general_done
bad_r15:
	mov	qword ptr ds:[BADGPR], 14
	jmp	general_done

	# --- the interrupt table: a stub for each exception, and two vectors
fill_idt:
	lea	rsi, [rip + stubs]
	xor	ecx, ecx
1:	mov	edi, ecx
	call	gate
	add	rsi, 16
	inc	ecx
	cmp	ecx, 32
	jb	1b
	lea	rsi, [rip + take41]
	mov	edi, 0x41
	call	gate
	lea	rsi, [rip + take42]
	mov	edi, 0x42
	call	gate
	lidt	[rip + idt]
	ret

gate:					# vector EDI goes to RSI
	shl	edi, 4
	add	edi, IDT
	mov	eax, esi
	and	eax, 0xffff
	or	eax, 8 << 16		# the code selector
	mov	[rdi], eax
	mov	eax, esi
	and	eax, 0xffff0000
	or	eax, 0x8e00		# present, interrupt gate
	mov	[rdi + 4], eax
	mov	qword ptr [rdi + 8], 0	# the code is below 4 GiB
	ret

	.balign	16
stubs:
	.set	vector, 0
	.rept	32
	.balign	16
	.if	!((1 << vector) & (1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21))
	push	0
	.endif
	push	vector
	jmp	fault
	.set	vector, vector + 1
	.endr

	.balign	16
fault:					# on the stack: vector, error code, RIP, …
	push	rax
	mov	rax, [rsp + 8]
	mov	ds:[VECTOR], rax
	mov	rax, [rsp + 16]
	mov	ds:[CODE], rax
	mov	rax, cr2
	mov	ds:[ADDRESS], rax
	mov	rax, ds:[RESUME]
	test	rax, rax
	jz	lost
	mov	qword ptr ds:[RESUME], 0
	mov	[rsp + 24], rax
	pop	rax
	add	rsp, 16
	iretq

lost:					# nobody asked for this one
	mov	rdi, ds:[VECTOR]
	mov	rsi, [rsp + 24]
	mov	rdx, ds:[ADDRESS]
	INVOKE	CALL_LOST
1:	jmp	1b

take41:
	inc	qword ptr ds:[TAKEN41]
	iretq
take42:
	inc	qword ptr ds:[TAKEN42]
	iretq

idt:
	.short	0x43 * 16 - 1
	.quad	IDT
no_idt:
	.short	0
	.quad	IDT

	.balign	32
patterns:				# 64 words, no two alike
	.set	n, 0
	.rept	64
	.quad	0x9e3779b97f4a7c15 * (n + 1) & 0xffffffffffffffff
	.set	n, n + 1
	.endr

	.include "kernel/selftest/paravirtual.inc"
