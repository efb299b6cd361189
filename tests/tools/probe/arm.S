/* Copyright: multiarch.builders contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arm, of ARMv4 instructions only, so that every variant runs it: uname(2) into the stack, write utsname.machine and a newline, exit(bytes written - length).
 */

        .arch   armv4
        .arm
        .globl  _start
_start: sub     sp, sp, #400            /* struct utsname: 6 fields of 65 bytes */
        mov     r0, sp
        mov     r7, #122                /* uname */
        svc     #0
        add     r1, sp, #260            /* utsname.machine */
        mov     r2, r1
1:      ldrb    r3, [r2], #1
        cmp     r3, #0
        bne     1b
        mov     r3, #10
        strb    r3, [r2, #-1]
        sub     r2, r2, r1
        mov     r0, #1
        mov     r7, #4                  /* write */
        svc     #0
        sub     r0, r0, r2
        mov     r7, #1                  /* exit */
        svc     #0
