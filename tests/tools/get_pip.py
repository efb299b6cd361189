"""Stands in for the get-pip.py that ansible-test downloads: puts the pip of this Python into a new environment."""

import subprocess
import sys


def main() -> None:
    # In a process of its own: ensurepip makes the running one forget pip's configuration, index and CA included.
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    arguments = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
    subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=True)


main()
