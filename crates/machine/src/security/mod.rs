//! Security identifiers and descriptors ([MS-DTYP] 2.4).
