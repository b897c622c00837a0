//! The program as it is typed: arguments, output, exit codes.

#[cfg(test)]
mod common;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod explain;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod interrupt;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod results;
#[cfg(test)]
mod usage;
