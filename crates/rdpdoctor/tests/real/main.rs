//! The program against real servers and over faulty cables, started by the tests and ended by their process id.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod cables;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod credssp;
#[cfg(test)]
mod healthy;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod rivals;
#[cfg(test)]
mod run;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod ways_in;
