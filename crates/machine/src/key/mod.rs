//! Certificates in registry stores, and the files of their private keys.
