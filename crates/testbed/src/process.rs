use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::Unavailable;

/// How long a server may take to listen, on a machine that is busy with other tests.
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);
const LOG_SHOWN: usize = 4000;

/// A command for a program, inside a network namespace where one is given, that ends with the thread which starts it:
/// a test that is killed leaves no server behind.
pub(crate) fn command(namespace: Option<&str>, program: &str) -> Result<Command, Unavailable> {
    let program = find(program)?;
    let setpriv = find("setpriv")?;
    let mut command = match namespace {
        Some(name) => inside(name, &setpriv)?,
        None => Command::new(setpriv),
    };
    command.args(["--pdeathsig", "KILL"]).arg(program);
    Ok(command)
}

/// `ip netns exec`, which also lays the files of /etc/netns over those of /etc.
pub(crate) fn inside(namespace: &str, program: &Path) -> Result<Command, Unavailable> {
    let mut command = Command::new(find("ip")?);
    command.args(["netns", "exec", namespace]).arg(program);
    Ok(command)
}

/// Where a program lies: servers are often outside a user's path.
pub(crate) fn find(program: &str) -> Result<PathBuf, Unavailable> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .ok_or_else(|| Unavailable::ProgramMissing(program.into()))
}

/// Runs a command to its end; its standard error is the error.
pub(crate) fn run(command: &mut Command) -> Result<(), Unavailable> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let program = command.get_program().to_string_lossy().into_owned();
    Err(Unavailable::NotReady { program, log: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}

/// The first use of an ability that the kernel or our rights may lack: what fails here is no mistake of the test.
pub(crate) fn first_use(command: &mut Command, what: &'static str) -> Result<(), Unavailable> {
    run(command).map_err(|error| match error {
        Unavailable::NotReady { log, .. } => Unavailable::NotAllowed { what, why: log },
        other => other,
    })
}

/// A running program and all it started, ended when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Program {
    /// Starts a command as the leader of a process group of its own; what it prints goes to `<name>.log` in the folder.
    pub(crate) fn start(mut command: Command, name: &str, folder: &Path) -> io::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let out = File::create(&log)?;
        let child = command.process_group(0).stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).spawn()?;
        Ok(Self { child, name: name.to_owned(), log })
    }

    /// Waits until something listens on the port in the program's network namespace. Reads the kernel's table:
    /// a connection would cost a place in the backlog and a line in the log.
    pub(crate) fn wait_until_listening(&mut self, address: SocketAddr) -> Result<(), Unavailable> {
        let pid = self.child.id();
        self.wait_until(|_| listens(pid, address.port()))
    }

    /// Waits until the log holds what is looked for.
    pub(crate) fn wait_until(&mut self, ready: impl Fn(&str) -> bool) -> Result<(), Unavailable> {
        let deadline = Instant::now() + START;
        while self.runs() && Instant::now() < deadline {
            if ready(&self.log()) {
                return Ok(());
            }
            sleep(PAUSE);
        }
        Err(Unavailable::NotReady { program: self.name.clone(), log: tail(&self.log()) })
    }

    /// All that it has printed.
    pub(crate) fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // Fails only when the whole group has ended.
            let _ = killpg(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::SIGTERM);
        let deadline = Instant::now() + STOP;
        while self.runs() && Instant::now() < deadline {
            sleep(PAUSE);
        }
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

fn listens(pid: u32, port: u16) -> bool {
    ["tcp", "tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok())
        .any(|table| table.lines().skip(1).any(|line| is_listener(line, port)))
}

/// A line of /proc/net/tcp: `0: 0100007F:0D3D 00000000:0000 0A …`, where state 0A is LISTEN.
fn is_listener(line: &str, port: u16) -> bool {
    let mut fields = line.split_whitespace().skip(1);
    let local = fields.next().and_then(|local| local.rsplit_once(':'));
    let state = fields.nth(1);
    local.is_some_and(|(_, found)| found == format!("{port:04X}")) && state == Some("0A")
}

fn tail(log: &str) -> String {
    let start = log.char_indices().rev().nth(LOG_SHOWN).map_or(0, |(at, _)| at);
    log.get(start..).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::is_listener;

    #[test]
    fn only_a_listener_on_the_port_counts() {
        let line = "   0: 0100007F:0D3D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1";
        assert!(is_listener(line, 3389));
        assert!(!is_listener(line, 3390));
        assert!(!is_listener(&line.replace(" 0A ", " 01 "), 3389));
    }
}
