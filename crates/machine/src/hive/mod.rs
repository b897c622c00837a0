//! Registry hives (`regf`).
