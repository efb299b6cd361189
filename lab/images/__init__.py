"""The images the mirror serves: where each comes from, and how it gets into a registry's storage."""
