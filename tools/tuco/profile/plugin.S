# A plugin of QEMU's that counts how often each translated block is executed.
#
# QEMU's TCG translates the machine's code in blocks that end at a jump. For each block that it translates, this plugin
# takes the next record of a table and has QEMU generate, at the block's head, an addition of one to the record's count. So
# counting costs an instruction a block, and no call. The table is a file that the plugin maps, and whoever else maps it
# reads the counts while the machine runs: see table.go.
#
# A record is four words: the block's address, its number of instructions, its count, and how much of the count was within
# windows. A window begins where one block begins and ends where another one does; the addresses of the two are in the first
# record, which is no block's: from, until, the number of windows so far, and whether one is open.
#
# QEMU's API for plugins is that of its header qemu-plugin.h, version 1. This is not thread-safe: with -icount one thread
# translates and executes.

	.equ	WORD, 8
	.equ	RECORD, 4 * WORD
	.equ	COUNT, 2 * WORD
	.equ	WITHIN, 3 * WORD
	.equ	FROM, 0				# in the first record
	.equ	UNTIL, WORD
	.equ	WINDOWS, 2 * WORD
	.equ	OPEN, 3 * WORD
	.equ	API, 1				# QEMU_PLUGIN_VERSION
	.equ	ADD, 0				# QEMU_PLUGIN_INLINE_ADD_U64
	.equ	NO_REGISTERS, 0			# QEMU_PLUGIN_CB_NO_REGS
	.equ	O_RDWR, 2
	.equ	SEEK_END, 2
	.equ	READ_WRITE, 3			# PROT_READ | PROT_WRITE
	.equ	SHARED, 1			# MAP_SHARED

	.data
	.globl	qemu_plugin_version
	.type	qemu_plugin_version, @object
	.size	qemu_plugin_version, 4
qemu_plugin_version:
	.int	API
	.balign	WORD
first:	.quad	0				# the first record
next:	.quad	0				# the record to take next
end:	.quad	0				# the end of the table

	.text
# int qemu_plugin_install(id, info, argc, argv): maps the table, which is the argument table=PATH.
	.globl	qemu_plugin_install
	.type	qemu_plugin_install, @function
qemu_plugin_install:
	push	%rbx
	push	%rbp
	push	%r12
	mov	%rdi, %rbx
	cmp	$1, %edx
	jne	refuse
	mov	(%rcx), %rdi
	add	$6, %rdi			# past "table="
	mov	$O_RDWR, %esi
	xor	%eax, %eax
	call	open@PLT
	test	%eax, %eax
	js	refuse
	mov	%eax, %ebp
	mov	%eax, %edi
	xor	%esi, %esi
	mov	$SEEK_END, %edx
	call	lseek@PLT
	test	%rax, %rax
	jle	refuse
	mov	%rax, %r12
	xor	%edi, %edi
	mov	%rax, %rsi
	mov	$READ_WRITE, %edx
	mov	$SHARED, %ecx
	mov	%ebp, %r8d
	xor	%r9d, %r9d
	call	mmap@PLT
	cmp	$-1, %rax
	je	refuse
	mov	%rax, first(%rip)
	lea	RECORD(%rax), %rcx
	mov	%rcx, next(%rip)
	add	%r12, %rax
	mov	%rax, end(%rip)
	mov	%rbx, %rdi
	lea	translated(%rip), %rsi
	call	qemu_plugin_register_vcpu_tb_trans_cb@PLT
	xor	%eax, %eax
	jmp	installed
refuse:	mov	$-1, %eax
installed:
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

# void translated(id, block): a block is being translated. One that finds the table full is not counted, and the reader, who
# finds it full as well, knows.
translated:
	push	%rbx
	push	%rbp
	push	%r12
	mov	%rsi, %rbp
	mov	next(%rip), %rbx
	lea	RECORD(%rbx), %r12
	cmp	end(%rip), %r12
	ja	full
	mov	%r12, next(%rip)
	mov	%rbp, %rdi
	call	qemu_plugin_tb_vaddr@PLT
	mov	%rax, (%rbx)
	mov	%rbp, %rdi
	call	qemu_plugin_tb_n_insns@PLT
	mov	%rax, WORD(%rbx)
	mov	%rbp, %rdi
	mov	$ADD, %esi
	lea	COUNT(%rbx), %rdx
	mov	$1, %ecx
	call	qemu_plugin_register_vcpu_tb_exec_inline@PLT
	mov	first(%rip), %r12
	mov	(%rbx), %rax
	lea	opened(%rip), %rsi
	cmp	FROM(%r12), %rax
	je	border
	lea	closed(%rip), %rsi
	cmp	UNTIL(%r12), %rax
	jne	full
border:	mov	%rbp, %rdi
	mov	$NO_REGISTERS, %edx
	xor	%ecx, %ecx
	call	qemu_plugin_register_vcpu_tb_exec_cb@PLT
full:	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

# void opened(vcpu, userdata): a window begins with the block that is about to be counted. What counted before was not within.
opened:	mov	first(%rip), %rdx
	cmpq	$0, OPEN(%rdx)
	jne	1f
	movq	$1, OPEN(%rdx)
	jmp	3f
2:	mov	COUNT(%rdx), %rax
	sub	%rax, WITHIN(%rdx)
3:	add	$RECORD, %rdx
	cmp	next(%rip), %rdx
	jb	2b
1:	ret

# void closed(vcpu, userdata): it ends before the block.
closed:	mov	first(%rip), %rdx
	cmpq	$0, OPEN(%rdx)
	je	1f
	movq	$0, OPEN(%rdx)
	incq	WINDOWS(%rdx)
	jmp	3f
2:	mov	COUNT(%rdx), %rax
	add	%rax, WITHIN(%rdx)
3:	add	$RECORD, %rdx
	cmp	next(%rip), %rdx
	jb	2b
1:	ret
