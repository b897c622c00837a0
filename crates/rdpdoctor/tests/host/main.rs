//! Machines that are looked at and not probed: disks, copied hives, collections.

#[cfg(test)]
mod client;
#[cfg(test)]
mod collected;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod disk;
#[cfg(test)]
mod hive;
#[cfg(test)]
mod program;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod usage;
