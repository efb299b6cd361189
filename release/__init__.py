"""What a release consists of: the collection's tarball, an SBOM, checksums and signatures (docs/release.md)."""
