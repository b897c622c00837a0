//! The servers and the cable are what the tests of the program take them for.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod network;
#[cfg(test)]
mod servers;
