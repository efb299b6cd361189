/* Copyright: multiarch.builders contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * riscv64, without compressed instructions: uname(2) into the stack, write utsname.machine and a newline, exit(bytes written - length).
 */

        .option norvc
        .option norelax
        .globl  _start
_start: addi    sp, sp, -400            /* struct utsname: 6 fields of 65 bytes */
        mv      a0, sp
        li      a7, 160                 /* uname */
        ecall
        addi    a1, sp, 260             /* utsname.machine */
        mv      a2, a1
1:      lbu     t0, 0(a2)
        addi    a2, a2, 1
        bnez    t0, 1b
        li      t0, 10
        sb      t0, -1(a2)
        sub     a2, a2, a1
        li      a0, 1
        li      a7, 64                  /* write */
        ecall
        sub     a0, a0, a2
        li      a7, 93                  /* exit */
        ecall
