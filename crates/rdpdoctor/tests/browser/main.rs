//! Pages of real runs in a real browser: accessible in every light and width, without a request, harmless.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod axe;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod runs;
