/* Copyright: multiarch.builders contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arm64: uname(2) into the stack, write utsname.machine and a newline, exit(bytes written - length).
 */

        .globl  _start
_start: sub     sp, sp, #400            /* struct utsname: 6 fields of 65 bytes */
        mov     x0, sp
        mov     w8, #160                /* uname */
        svc     #0
        add     x1, sp, #260            /* utsname.machine */
        mov     x2, x1
1:      ldrb    w3, [x2], #1
        cbnz    w3, 1b
        mov     w3, #10
        sturb   w3, [x2, #-1]
        sub     x2, x2, x1
        mov     w0, #1
        mov     w8, #64                 /* write */
        svc     #0
        sub     w0, w0, w2
        mov     w8, #93                 /* exit */
        svc     #0
