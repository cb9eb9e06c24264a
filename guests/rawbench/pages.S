# Page tables and memory.

	.include "rawbench.inc"

	.text
# frame_of returns in RAX the machine address of the page at RDI. It changes RCX.
	.globl	frame_of
frame_of:
	mov	%rdi, %rax
	sub	$VIRT_BASE, %rax
	shr	$12, %rax
	mov	frames(%rip), %rcx
	mov	(%rcx, %rax, 8), %rax
	shl	$12, %rax
	ret

# make_readonly takes the right to write to the page at RDI, as a page table needs it.
	.globl	make_readonly
make_readonly:
	call	frame_of
	lea	RO(%rax), %rsi
remap:	mov	$UVMF_INVLPG, %edx
	hypercall update_va_mapping
	mov	%rax, %r13
	test	%rax, %rax
	jnz	failed
	ret

# extended does command EDI of mmuext_op, with RSI.
	.globl	extended
extended:
	call	command
	hypercall mmuext_op
	mov	%rax, %r13
	test	%rax, %rax
	jnz	failed
	ret

# pin_root makes the page at RDI, which is full, an L4 table, and returns its frame in RSI.
	.globl	pin_root
pin_root:
	push	%rdi
	call	make_readonly
	pop	%rdi
	call	frame_of
	shr	$12, %rax
	push	%rax
	mov	%rax, %rsi
	mov	$3, %edi			# MMUEXT_PIN_L4_TABLE
	call	extended
	pop	%rsi
	ret

# command makes it ready.
command:
	mov	%edi, request(%rip)
	mov	%rsi, request + 8(%rip)
	lea	request(%rip), %rdi
	mov	$1, %esi
	xor	%edx, %edx
	mov	$DOMID_SELF, %r10d
	ret

# entry_of returns in RDI the address of the page-table entry for the address in RDI.
entry_of:
	mov	root(%rip), %rsi
	mov	$39, %ecx
1:	mov	%rdi, %rax
	shr	%cl, %rax
	and	$511, %eax
	lea	(%rsi, %rax, 8), %rsi
	cmp	$12, %ecx
	je	2f
	movabs	$0x000ffffffffff000, %rax
	and	(%rsi), %rax
	shr	$12, %rax
	movabs	$M2P, %rdx
	mov	(%rdx, %rax, 8), %rsi
	shl	$12, %rsi
	add	$VIRT_BASE, %rsi
	sub	$9, %ecx
	jmp	1b
2:	mov	%rsi, %rdi
	ret

	.globl	prepare_pages
prepare_pages:
	lea	page(%rip), %rdi
	call	frame_of
	mov	%rax, page_frame(%rip)
	lea	descriptors(%rip), %rdi
	call	frame_of
	mov	%rax, descriptors_frame(%rip)
	lea	place(%rip), %rdi
	call	entry_of
	mov	%rdi, place_entry(%rip)

	lea	table(%rip), %rdi
	call	make_readonly
	lea	table(%rip), %rdi
	call	frame_of
	mov	%rax, table_frame(%rip)

	# A second root, with the same kernel.
	mov	root(%rip), %rax
	mov	511 * 8(%rax), %rax
	mov	%rax, other_root + 511 * 8(%rip)
	lea	other_root(%rip), %rdi
	call	pin_root
	mov	%rsi, roots + 8(%rip)
	mov	root(%rip), %rdi
	call	frame_of
	shr	$12, %rax
	mov	%rax, roots(%rip)
	ret

	row "update_descriptor", 1, descriptor
descriptor:
	mov	descriptors_frame(%rip), %rdi
	movabs	$0x00cff3000000ffff, %rsi
	begin
	hypercall update_descriptor
	ended

# --- mmuext_op

.macro command_row name, number, argument:vararg
	row "\name", 1, sample_\number
sample_\number:
	mov	$\number, %edi
	\argument
	call	command
	begin
	hypercall mmuext_op
	ended
.endm

	command_row "mmuext TLB_FLUSH_LOCAL", 6
	command_row "mmuext INVLPG_LOCAL", 7, lea page(%rip), %rsi

# turn returns in RSI the other root than the last time; and in RDI the other one of user mode.
turn:	mov	whose(%rip), %eax
	xor	$1, %eax
	mov	%eax, whose(%rip)
	mov	roots(, %rax, 8), %rsi
	lea	user_root(%rip), %rdi
	lea	other_user_root(%rip), %rcx
	test	%eax, %eax
	cmovnz	%rcx, %rdi
	ret

	row "mmuext NEW_BASEPTR (cr3 switch, pinned)", 1, new_root
new_root:
	call	turn
	mov	$5, %edi			# MMUEXT_NEW_BASEPTR
	call	command
	begin
	hypercall mmuext_op
	ended

	row "mmuext NEW_BASEPTR+NEW_USER_BASEPTR", 1, new_roots
new_roots:
	call	turn
	call	frame_of
	shr	$12, %rax
	movl	$15, request + 24(%rip)		# MMUEXT_NEW_USER_BASEPTR
	mov	%rax, request + 32(%rip)
	mov	$5, %edi
	call	command
	mov	$2, %esi
	begin
	hypercall mmuext_op
	ended

.macro pin
	mov	$0, %edi			# MMUEXT_PIN_L1_TABLE
	mov	table_frame(%rip), %rsi
	shr	$12, %rsi
	call	command
	hypercall mmuext_op
.endm
.macro unpin
	mov	$4, %edi			# MMUEXT_UNPIN_TABLE
	mov	table_frame(%rip), %rsi
	shr	$12, %rsi
	call	command
	hypercall mmuext_op
.endm

	row "pin L1 empty", 1, pin_empty
pin_empty:
	mov	$0, %edi
	mov	table_frame(%rip), %rsi
	shr	$12, %rsi
	call	command
	begin
	hypercall mmuext_op
	end
	push	%rax
	unpin
	pop	%rax
	ret

	row "unpin L1 empty", 1, unpin_empty
unpin_empty:
	pin
	mov	$4, %edi
	mov	table_frame(%rip), %rsi
	shr	$12, %rsi
	call	command
	begin
	hypercall mmuext_op
	ended

# --- mmu_update

# updates makes ECX requests for the entries of the table: each becomes RAX.
updates:
	mov	table_frame(%rip), %rdx
	lea	list(%rip), %rdi
1:	mov	%rdx, (%rdi)
	mov	%rax, 8(%rdi)
	add	$16, %rdi
	add	$8, %rdx
	dec	%ecx
	jnz	1b
	ret

# update does ESI of them.
.macro update
	lea	list(%rip), %rdi
	xor	%edx, %edx
	mov	$DOMID_SELF, %r10d
.endm

# A row of so many entries that change from one value to another.
.macro update_row name, batch, from, to
	row "mmu_update \name batch \batch", \batch, sample_\@
sample_\@:
	pin
	mov	$\from, %eax
	mov	$\batch, %ecx
	call	value
	call	updates
	update
	mov	$\batch, %esi
	hypercall mmu_update
	mov	$\to, %eax
	mov	$\batch, %ecx
	call	value
	call	updates
	update
	mov	$\batch, %esi
	begin
	hypercall mmu_update
	end
	push	%rax
	push	%r13
	xor	%eax, %eax
	mov	$\batch, %ecx
	call	updates
	update
	mov	$\batch, %esi
	hypercall mmu_update
	unpin
	pop	%r13
	pop	%rax
	test	%r13, %r13
	jnz	failed
	ret
.endm

# value makes an entry of flags in RAX: for the page, or none.
value:	test	%eax, %eax
	jz	1f
	or	page_frame(%rip), %rax
1:	ret

.irp batch, 1, 32, 512
	update_row "map(0->RW)", \batch, 0, RW
	update_row "unmap(RW->0)", \batch, RW, 0
	update_row "flags(RW->RO)", \batch, RW, RO
	update_row "fastpath(avail bit)", \batch, RW, RW+AVAILABLE
.endr

	row "direct PTE write (ptwr emul) map", 1, write_entry
write_entry:
	call	unmapped
	mov	page_frame(%rip), %rsi
	or	$RW, %rsi
	mov	place_entry(%rip), %rdi
	begin
	mov	%rsi, (%rdi)
	end
	ret

# --- update_va_mapping

# unmapped and mapped change what is at the place.
unmapped:
	lea	place(%rip), %rdi
	xor	%esi, %esi
	jmp	remap
mapped:	lea	place(%rip), %rdi
	mov	page_frame(%rip), %rsi
	or	$RW, %rsi
	jmp	remap

.macro mapping_row flush
	row "update_va_mapping map \flush", 1, map_\flush
map_\flush:
	call	unmapped
	lea	place(%rip), %rdi
	mov	page_frame(%rip), %rsi
	or	$RW, %rsi
	mov	$UVMF_\flush, %edx
	begin
	hypercall update_va_mapping
	ended

	row "update_va_mapping unmap \flush", 1, unmap_\flush
unmap_\flush:
	call	mapped
	lea	place(%rip), %rdi
	xor	%esi, %esi
	mov	$UVMF_\flush, %edx
	begin
	hypercall update_va_mapping
	ended
.endm
	mapping_row NONE
	mapping_row INVLPG
	mapping_row TLB_FLUSH

# --- memory_op

.macro memory command
	mov	$\command, %edi
	lea	extents(%rip), %rsi
.endm
	.set	decrease_reservation, 1
	.set	populate_physmap, 6

# gone makes the page that is given away and comes back ready to go.
gone:	lea	spare(%rip), %rdi
	xor	%esi, %esi
	call	remap
	lea	spare(%rip), %rdi
	call	frame_of
	shr	$12, %rax
	mov	%rax, extent(%rip)
	ret

# come takes note of the frame that has come in its place.
come:	lea	spare(%rip), %rdi
	sub	$VIRT_BASE, %rdi
	shr	$12, %rdi
	mov	frames(%rip), %rcx
	mov	extent(%rip), %rsi
	mov	%rsi, (%rcx, %rdi, 8)
	ret

# number is the page's in the domain.
number:	lea	spare(%rip), %rax
	sub	$VIRT_BASE, %rax
	shr	$12, %rax
	mov	%rax, extent(%rip)
	ret

	row "memory_op decrease_reservation 1 page", 1, decrease
decrease:
	call	gone
	memory	decrease_reservation
	begin
	hypercall memory_op
	end
	push	%rax
	cmp	$1, %r13
	jne	failed
	call	number
	memory	populate_physmap
	hypercall memory_op
	call	come
	pop	%rax
	ret

	row "memory_op populate_physmap 1 page", 1, populate
populate:
	call	gone
	memory	decrease_reservation
	hypercall memory_op
	call	number
	memory	populate_physmap
	begin
	hypercall memory_op
	end
	push	%rax
	cmp	$1, %r13
	jne	failed
	call	come
	pop	%rax
	ret

	.data
	.balign 8
extents: .quad	extent, 1			# where, how many
	.long	0, 0				# order, flags
	.quad	DOMID_SELF

	.bss
	.balign 4096
page:	.skip	4096				# what is mapped
place:	.skip	4096				# where it is mapped
spare:	.skip	4096				# is given away and comes back
table:	.skip	4096				# a page table that no root leads to
other_root: .skip 4096
descriptors: .skip 4096
list:	.skip	512 * 16
request: .skip	2 * 24
extent:	.skip	8
page_frame: .skip 8
table_frame: .skip 8
descriptors_frame: .skip 8
place_entry: .skip 8
roots:	.skip	16
whose:	.skip	4
