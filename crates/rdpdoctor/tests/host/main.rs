//! Machines that are looked at and not probed: disks, copied hives, collections.

#[cfg(target_os = "linux")]
#[cfg(test)]
mod base;
#[cfg(test)]
mod client;
#[cfg(test)]
mod collected;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod damage;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod disk;
#[cfg(test)]
mod evidence;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod faults;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod fix;
#[cfg(test)]
mod hive;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod policy;
#[cfg(test)]
mod program;
#[cfg(test)]
mod samples;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod server;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod surprise;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod users;
