/* Copyright: multiarch.builders contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * s390x: uname(2) into the stack, write utsname.machine and a newline, exit(bytes written - length).
 */

        .globl  _start
_start: aghi    %r15, -400              /* struct utsname: 6 fields of 65 bytes */
        lgr     %r2, %r15
        svc     122                     /* uname */
        la      %r3, 260(%r15)          /* utsname.machine */
        lgr     %r4, %r3
1:      cli     0(%r4), 0
        je      2f
        la      %r4, 1(%r4)
        j       1b
2:      mvi     0(%r4), 10
        la      %r4, 1(%r4)
        sgr     %r4, %r3
        lghi    %r2, 1
        svc     4                       /* write */
        sgr     %r2, %r4
        svc     1                       /* exit */
