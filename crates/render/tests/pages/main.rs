//! What a reader of a page or of a ticket sees.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code may stop")]

mod html;
mod markdown;
mod parity;
mod scenes;
