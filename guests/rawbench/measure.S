# Takes the samples of each row, and prints the table.

	.include "rawbench.inc"

	.set	SAMPLES, 31
	.set	row_size, 24			# name, times, sample

	.text
	.globl	measure
measure:
	lea	header(%rip), %rsi
	call	print
	lea	rows(%rip), %rbp
1:	xor	%ebx, %ebx
	movq	$-1, exits(%rip)
2:	call	*16(%rbp)
	mov	%eax, samples(, %rbx, 4)
	inc	%ebx
	cmp	$SAMPLES, %ebx
	jb	2b
	call	median
	sub	overhead(%rip), %eax
	lea	rows(%rip), %rcx
	cmp	%rcx, %rbp
	jne	3f
	mov	%eax, overhead(%rip)		# of the first row, which does nothing
	mov	exits(%rip), %rcx
	mov	%rcx, counting(%rip)
3:	call	print_row
	add	$row_size, %rbp
	lea	rows_end(%rip), %rax
	cmp	%rax, %rbp
	jb	1b
	ret

# median sorts the samples and returns the one in the middle in EAX.
median:
	mov	$1, %ecx
1:	mov	samples(, %rcx, 4), %eax
	mov	%ecx, %edx
2:	cmp	%eax, samples-4(, %rdx, 4)
	jbe	3f
	mov	samples-4(, %rdx, 4), %esi
	mov	%esi, samples(, %rdx, 4)
	dec	%edx
	jnz	2b
3:	mov	%eax, samples(, %rdx, 4)
	inc	%ecx
	cmp	$SAMPLES, %ecx
	jb	1b
	mov	samples + SAMPLES / 2 * 4, %eax
	ret

# print_row prints the row in RBP, with EAX ticks a sample.
print_row:
	push	%rax
	mov	(%rbp), %rsi
	call	print
	mov	$'\t', %eax
	call	put
	mov	8(%rbp), %rax
	call	print_number
	mov	$'\t', %eax
	call	put
	pop	%rax
	mov	$10, %edi
	call	print_each
	mov	$'\t', %eax
	call	put
	cmpl	$0, uncounted(%rip)
	jne	1f
	mov	exits(%rip), %rax
	sub	counting(%rip), %rax
	mov	$100, %edi
	call	print_each
	mov	$'\n', %eax
	jmp	put
1:	mov	$'-', %eax
	call	put
	mov	$'\n', %eax
	jmp	put

# print_each prints RAX for each operation of a sample, with one digit behind the point where EDI is 10, two where it is 100.
print_each:
	mul	%rdi
	mov	8(%rbp), %rcx
	shr	%rcx
	add	%rcx, %rax			# to the nearest
	xor	%edx, %edx
	divq	8(%rbp)
	xor	%edx, %edx
	div	%rdi
	push	%rdi
	push	%rdx
	call	print_number
	mov	$'.', %eax
	call	put
	pop	%rax
	pop	%rdi
	cmp	$10, %rdi
	je	1f
	cmp	$10, %rax
	jae	1f
	push	%rax
	mov	$'0', %eax
	call	put
	pop	%rax
1:	jmp	print_number

	row "empty(rdtsc pair)", 1, nothing
nothing:
	begin
	end
	ret

	.section .rodata
header:	.asciz	"op\tdiv\tticks(median/op)\texits\n"

	.bss
	.balign 8
samples: .skip	4 * SAMPLES
overhead: .skip	8
counting: .skip	8				# exits of the counting itself
	.globl	counting
