"""Hosts of another processor: arm64 machines by QEMU's system emulation, on the bridge of the lab's other hosts."""
