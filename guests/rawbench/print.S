# The console: text is gathered, and written when there is much of it, or at the end.

	.include "rawbench.inc"

	.set	room, 2048

	.text
# print prints the text at RSI, which ends with a zero.
	.globl	print
print:	lodsb
	test	%al, %al
	jz	1f
	push	%rsi
	call	put
	pop	%rsi
	jmp	print
1:	ret

# print_number prints RAX in decimal.
	.globl	print_number
print_number:
	mov	$10, %ecx
	xor	%edx, %edx
	div	%rcx
	push	%rdx
	test	%rax, %rax
	jz	1f
	call	print_number
1:	pop	%rax
	add	$'0', %eax
# put prints the character in AL.
	.globl	put
put:	mov	gathered(%rip), %ecx
	mov	%al, text(%rcx)
	inc	%ecx
	mov	%ecx, gathered(%rip)
	cmp	$room, %ecx
	je	flush
	ret

# flush writes what is gathered.
	.globl	flush
flush:	xor	%edi, %edi			# CONSOLEIO_write
	mov	gathered(%rip), %esi
	lea	text(%rip), %rdx
	hypercall console_io
	movl	$0, gathered(%rip)
	ret

	.bss
text:	.skip	room
gathered: .skip	4
