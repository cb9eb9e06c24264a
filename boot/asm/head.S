# The first instructions: from a boot loader's 32-bit protected mode to the
# Go entry in long mode.
#
# Two loaders come here with the same machine state (paging off, flat 32-bit
# segments, interrupts off):
#   PVH         EBX = machine address of the start info
#   multiboot2  EAX = magic, EBX = machine address of the boot information
# The code makes boot page tables, in which the first 4 GiB appear at 0 and in
# the direct map, and the image at its linked address; enters long mode; and
# jumps to the Go entry with RDI = the handoff table. The tables are temporary:
# the hypervisor makes its own, with W^X and no lower half, and frees these.
#
# Sources: Xen public/arch-x86/hvm/start_info.h; Multiboot2 Specification,
# "Machine state"; APM vol. 2, "Enabling and Activating Long Mode".

	.intel_syntax noprefix

# --- Headers, found by the loaders in the file's first page ---------------

	.section .note.pvh, "a", @note
	.balign 4
	.long	4, 8, 18		# name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.quad	_start

	.section .multiboot2, "a"
	.balign 8
mb2_header:
	.long	0xe85250d6, 0, mb2_end - mb2_header
	.long	-(0xe85250d6 + 0 + (mb2_end - mb2_header))
	.short	6, 0			# modules are wanted page-aligned
	.long	8
	.short	0, 0			# end
	.long	8
mb2_end:

# --- 32-bit entry ---------------------------------------------------------

	.set	PAGE_TABLE, 0x003	# present, writable
	.set	LARGE_PAGE, 0x083	# the same, and a leaf

	.section .boot.text, "ax"
	.code32
	.globl	_start
_start:
	cli
	cld
	mov	[handoff_magic], eax
	mov	[handoff_info], ebx

	# Long mode and SSE2 (the Go compiler's baseline) or a clear refusal.
	mov	eax, 0x80000000
	cpuid
	cmp	eax, 0x80000001
	jb	no_long_mode
	mov	eax, 0x80000001
	cpuid
	test	edx, 1 << 29
	jz	no_long_mode
	test	edx, 1 << 20
	jz	no_nx

	# Four page directories map the first 4 GiB in 2 MiB pages.
	mov	edi, offset boot_pd
	mov	eax, LARGE_PAGE
	mov	ecx, 4 * 512
1:	mov	[edi], eax
	mov	dword ptr [edi + 4], 0
	add	eax, 0x200000
	add	edi, 8
	loop	1b

	mov	edi, offset boot_pdpt
	mov	eax, offset boot_pd + PAGE_TABLE
	mov	ecx, 4
2:	mov	[edi], eax
	add	eax, 0x1000
	add	edi, 8
	loop	2b

	# -2 GiB shows the first GiB, in which the image was loaded.
	mov	dword ptr [boot_pdpt_high + 510 * 8], offset boot_pd + PAGE_TABLE

	mov	dword ptr [boot_pml4], offset boot_pdpt + PAGE_TABLE
	mov	dword ptr [boot_pml4 + 256 * 8], offset boot_pdpt + PAGE_TABLE
	mov	dword ptr [boot_pml4 + 511 * 8], offset boot_pdpt_high + PAGE_TABLE

	mov	eax, offset boot_pml4
	mov	cr3, eax
	mov	eax, cr4
	or	eax, 1 << 5 | 1 << 9 | 1 << 10	# PAE, FXSAVE, SSE exceptions
	mov	cr4, eax
	mov	ecx, 0xc0000080		# EFER
	rdmsr
	or	eax, 1 << 8 | 1 << 11	# LME, NXE
	wrmsr
	mov	eax, 0x80010033		# PG, WP, NE, ET, MP, PE; caches on
	mov	cr0, eax
	lgdt	[boot_gdt_register]
	jmp	0x08:start64

no_long_mode:
	mov	esi, offset text_no_long_mode
	jmp	refuse
no_nx:	mov	esi, offset text_no_nx
refuse:	# there is no UART driver yet: write the line to COM1 as it stands
	mov	dx, 0x3f8 + 5
	mov	ecx, 100000
3:	in	al, dx
	test	al, 0x20
	loopz	3b
	lodsb
	test	al, al
	jz	4f
	mov	dx, 0x3f8
	out	dx, al
	jmp	refuse
4:	mov	dx, 0xf4		# QEMU's exit device: "halted"
	mov	eax, 2
	out	dx, eax
5:	hlt
	jmp	5b

	.code64
start64:	# 32-bit code leaves the upper halves of registers undefined
	lea	rsp, [rip + boot_stack_end]
	mov	ax, 0x10
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	xor	eax, eax
	mov	fs, ax
	mov	gs, ax
	lea	rdi, [rip + handoff]
	movabs	rax, offset go_entry
	jmp	rax

# --- What the Go side is told -----------------------------------------------

	.section .boot.data, "aw"
	.balign	8
	# boot.Handoff describes this table; the order of the words is fixed there.
handoff:
handoff_magic:	.quad	0		# EAX of the loader
handoff_info:	.quad	0		# EBX of the loader
	.quad	boot_start, boot_end
	.quad	trampoline_start, trampoline_end, trampoline_arguments
	.quad	stub_start, stub_end
	.quad	selftest_guest_start, selftest_guest_end
	.quad	text_0_start, text_0_end
	.quad	text_1_start, text_1_end
	.quad	text_2_start, text_2_end
	.quad	text_3_start, text_3_end
	.quad	rodata_start, rodata_end
	.quad	data_start, data_end
	.weak	selftest_guest_start, selftest_guest_end

	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	# 0x08: 64-bit code
	.quad	0x00cf93000000ffff	# 0x10: data
boot_gdt_register:
	.short	. - boot_gdt - 1
	.long	boot_gdt, 0

text_no_long_mode:
	.asciz	"tuco: halted: this CPU has no long mode (64-bit); in QEMU use qemu-system-x86_64 with a 64-bit CPU model\r\n"
text_no_nx:
	.asciz	"tuco: halted: this CPU cannot protect pages from execution (NX); enable it in the firmware\r\n"

	.section .boot.bss, "aw", @nobits
	.balign	4096
boot_pml4:	.skip	4096
boot_pdpt:	.skip	4096
boot_pdpt_high:	.skip	4096
boot_pd:	.skip	4 * 4096
boot_stack:	.skip	256
boot_stack_end:
