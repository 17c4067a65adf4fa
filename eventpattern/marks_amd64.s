#include "textflag.h"

DATA quotes<>+0(SB)/8, $0x2222222222222222
GLOBL quotes<>(SB), RODATA|NOPTR, $8
DATA slashes<>+0(SB)/8, $0x5c5c5c5c5c5c5c5c
GLOBL slashes<>(SB), RODATA|NOPTR, $8
DATA controls<>+0(SB)/8, $0x1f1f1f1f1f1f1f1f
GLOBL controls<>(SB), RODATA|NOPTR, $8

// func markAVX2(b *byte, blocks int, out *uint64) (seen uint64)
//
// A byte is a control character when the smaller of it and 0x1f is itself.
TEXT ·markAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	VPBROADCASTQ quotes<>(SB), Y5
	VPBROADCASTQ slashes<>(SB), Y6
	VPBROADCASTQ controls<>(SB), Y7
	VPXOR Y8, Y8, Y8

loop:
	TESTQ CX, CX
	JZ    done
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPOR    Y0, Y8, Y8
	VPOR    Y1, Y8, Y8

	VPCMPEQB Y5, Y0, Y2
	VPCMPEQB Y6, Y0, Y3
	VPMINUB  Y7, Y0, Y4
	VPCMPEQB Y0, Y4, Y4
	VPOR     Y2, Y3, Y2
	VPOR     Y2, Y4, Y2
	VPMOVMSKB Y2, AX

	VPCMPEQB Y5, Y1, Y2
	VPCMPEQB Y6, Y1, Y3
	VPMINUB  Y7, Y1, Y4
	VPCMPEQB Y1, Y4, Y4
	VPOR     Y2, Y3, Y2
	VPOR     Y2, Y4, Y2
	VPMOVMSKB Y2, DX

	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JMP  loop

done:
	VPMOVMSKB Y8, AX
	MOVQ AX, seen+24(FP)
	VZEROUPPER
	RET
