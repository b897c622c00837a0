//! A report as its readers want it: one file a format. Nothing here decides anything.
//!
//! Reports carry text from the wire. [`text`] and [`page`] let no control character of it reach a terminal.

#![forbid(unsafe_code)]

pub mod json;
pub mod list;
pub mod page;
pub mod text;

mod canvas;
mod style;

pub use style::Style;
