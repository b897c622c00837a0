use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns};
use tun_rs::{DeviceBuilder, SyncDevice};

use crate::Unavailable;
use crate::cable::{Cable, End, Fate, Policy};

/// Name of the network device in both namespaces.
pub(crate) const DEVICE: &str = "wire0";
/// How soon the thread notices that it is to stop.
const TICK: Duration = Duration::from_millis(20);
/// The kernel cuts TCP to real packets before it writes to a TUN device.
const LONGEST: usize = 65536;

/// Two TUN devices in two network namespaces, joined in user space until dropped.
#[derive(Debug)]
pub(crate) struct Wire {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Wire {
    pub(crate) fn join(client: &str, server: &str, policy: Policy) -> Result<Self, Unavailable> {
        let ends = Ends { client: device_in(client)?, server: device_in(server)? };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || carry(&ends, policy, &stopped));
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Makes the device in a thread that enters the namespace and ends: the device stays where it was made.
fn device_in(namespace: &str) -> Result<SyncDevice, Unavailable> {
    let file = Path::new("/run/netns").join(namespace);
    thread::spawn(move || make_device(&file))
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("the thread ended early")))
        .map_err(|error| Unavailable::NotAllowed {
            what: "a TUN device in a network namespace",
            why: error.to_string(),
        })
}

fn make_device(namespace: &Path) -> io::Result<SyncDevice> {
    setns(File::open(namespace)?, CloneFlags::CLONE_NEWNET)?;
    let device = DeviceBuilder::new().name(DEVICE).enable(false).build_sync()?;
    device.set_nonblocking(true)?;
    Ok(device)
}

struct Ends {
    client: SyncDevice,
    server: SyncDevice,
}

impl Ends {
    fn device(&self, end: End) -> &SyncDevice {
        match end {
            End::Client => &self.client,
            End::Server => &self.server,
        }
    }

    fn send(&self, end: End, packet: &[u8]) {
        // A full queue loses the packet, as a cable does.
        let _ = self.device(end).send(packet);
    }

    /// Waits for a packet at either end.
    fn wait(&self, longest: Duration) {
        let mut watched = [&self.client, &self.server].map(|device| PollFd::new(device.as_fd(), PollFlags::POLLIN));
        let timeout = PollTimeout::try_from(longest).unwrap_or(PollTimeout::ZERO);
        // An interrupted wait is only shorter.
        let _ = poll(&mut watched, timeout);
    }
}

/// Packets on their way: when each arrives, in which order it came, where, and its bytes.
type Underway = BinaryHeap<Reverse<(Instant, u64, bool, Vec<u8>)>>;

fn carry(ends: &Ends, policy: Policy, stop: &AtomicBool) {
    let mut cable = Cable::new(policy);
    let mut underway = Underway::new();
    let mut order = 0;
    let mut buffer = vec![0; LONGEST];
    while !stop.load(Ordering::Relaxed) {
        let next = deliver(ends, &mut underway);
        ends.wait(next.min(TICK));
        for end in [End::Client, End::Server] {
            while let Ok(length) = ends.device(end).recv(&mut buffer) {
                let Some(packet) = buffer.get(..length) else { continue };
                match cable.fate(end, packet) {
                    Fate::Vanishes => {}
                    Fate::Resets { to_client, to_server } => {
                        to_client.inspect(|packet| ends.send(End::Client, packet));
                        to_server.inspect(|packet| ends.send(End::Server, packet));
                    }
                    Fate::Passes => {
                        order += 1;
                        let due = Instant::now() + policy.delay;
                        underway.push(Reverse((due, order, end == End::Client, packet.to_vec())));
                    }
                }
            }
        }
    }
}

/// Sends what is due, and says how long until the next.
fn deliver(ends: &Ends, underway: &mut Underway) -> Duration {
    let now = Instant::now();
    while let Some(Reverse((due, ..))) = underway.peek() {
        if *due > now {
            return due.duration_since(now);
        }
        if let Some(Reverse((_, _, from_client, packet))) = underway.pop() {
            ends.send(if from_client { End::Server } else { End::Client }, &packet);
        }
    }
    TICK
}
