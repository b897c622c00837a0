//! A report as its readers want it: one file a format. Nothing here decides anything.
//!
//! Reports carry text from the wire. [`text`] and [`page`] let no control character of it reach a
//! terminal, [`html`] and [`markdown`] no markup of it a page.

#![forbid(unsafe_code)]

pub mod diff;
pub mod explanation;
pub mod html;
pub mod json;
pub mod list;
pub mod markdown;
pub mod page;
pub mod text;

mod canvas;
mod clients;
mod identity;
mod reported;
mod style;
mod words;

pub use style::Style;
