# The application processors' way into the hypervisor. The bytes between
# trampoline_start and trampoline_end are copied to a frame below 1 MiB, where
# a startup IPI makes a processor begin in real mode, at offset 0 of segment
# frame * 256. One processor at a time goes through: they share the arguments.
#
# Source: SDM vol. 3, "Multiple-Processor Initialization".

	.intel_syntax noprefix
	.section .trampoline, "a"

	.code16
	.globl	trampoline_start, trampoline_end, trampoline_arguments
trampoline_start:
	cli
	cld
	mov	ax, cs
	mov	ds, ax
	xor	ebx, ebx
	mov	bx, ax
	shl	ebx, 4			# EBX = machine address of the copy

	# The table and far pointer need absolute addresses: add the copy's.
	lea	eax, [ebx + tramp_gdt - trampoline_start]
	mov	[tramp_gdt_register - trampoline_start + 2], eax
	lea	eax, [ebx + tramp32 - trampoline_start]
	mov	[tramp_far32 - trampoline_start], eax
	lgdtd	[tramp_gdt_register - trampoline_start]
	mov	eax, cr0
	or	eax, 1
	mov	cr0, eax
	jmp	fword ptr cs:[tramp_far32 - trampoline_start]

	.code32
tramp32:
	mov	ax, 0x10
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	lea	eax, [ebx + tramp64 - trampoline_start]
	mov	[ebx + tramp_far64 - trampoline_start], eax
	mov	eax, cr4
	or	eax, 1 << 5 | 1 << 9 | 1 << 10	# PAE, FXSAVE, SSE exceptions
	mov	cr4, eax
	mov	eax, [ebx + tramp_root - trampoline_start]
	mov	cr3, eax
	mov	ecx, 0xc0000080		# EFER
	rdmsr
	or	eax, 1 << 8 | 1 << 11	# LME, NXE
	wrmsr
	mov	eax, 0x80010033		# PG, WP, NE, ET, MP, PE; caches on
	mov	cr0, eax
	jmp	fword ptr [ebx + tramp_far64 - trampoline_start]

	.code64
tramp64:
	mov	ebx, ebx		# 32-bit code leaves the upper half undefined
	mov	rdi, [rbx + tramp_cpu - trampoline_start]
	mov	rax, [rbx + tramp_entry - trampoline_start]
	xor	ecx, ecx
	mov	fs, cx
	mov	gs, cx
	jmp	rax

	.balign	8
tramp_gdt:
	.quad	0x00cf9b000000ffff	# the null slot is never read; 0x00
	.quad	0x00cf9b000000ffff	# 0x08: 32-bit code
	.quad	0x00cf93000000ffff	# 0x10: data
	.quad	0x00af9b000000ffff	# 0x18: 64-bit code
tramp_gdt_register:
	.short	. - tramp_gdt - 1
	.long	0
	.short	0
tramp_far32:
	.long	0
	.short	0x08, 0
tramp_far64:
	.long	0
	.short	0x18, 0

	.balign	8
	# boot.TrampolineArguments describes this table.
trampoline_arguments:
tramp_root:	.quad	0		# [tuco] machine address of the page-table root, below 4 GiB
tramp_entry:	.quad	0		# [tuco] virtual address of the Go entry
tramp_cpu:	.quad	0		# [tuco] its argument
trampoline_end:
