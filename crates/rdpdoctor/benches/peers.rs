//! Time and connections beside other tools, against the same servers in the same run: `cargo bench --bench peers`.
//!
//! Prints ratios, which mean something on any machine, beside medians, which mean something on this one alone. Needs
//! root, for a loopback of its own; a tool or server that is not installed is left out with a word.

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt::Write as _;
    use std::fs;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use rdpdoctor_testbed::freerdp_shadow::{self, Security};
    use rdpdoctor_testbed::xrdp::Xrdp;
    use rdpdoctor_testbed::xvfb::Screen;
    use rdpdoctor_testbed::{Loopback, Server, Unavailable};

    const RDPDOCTOR: &str = env!("CARGO_BIN_EXE_rdpdoctor");
    const RUNS_OF_OURS: usize = 9;
    const RUNS_OF_PEERS: usize = 3;
    const SIDE_BY_SIDE: usize = 100;
    const NMAP_SCRIPTS: &str = "rdp-enum-encryption,rdp-ntlm-info,ssl-cert,ssl-enum-ciphers";
    const OPENSSL_POLICY: &str =
        "openssl_conf = o\n[o]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\nCipherString = ALL:@SECLEVEL=0\n";

    type Start = fn(&Loopback) -> Result<Server, Unavailable>;

    pub(super) fn main() {
        let loopback = match Loopback::new() {
            Ok(loopback) => loopback,
            Err(reason) => return say(&format!("nothing can be measured here: {reason}")),
        };
        let screen = Screen::start().ok();
        let servers: [(&str, Start); 3] = [
            ("xrdp, TLS", |loopback| Xrdp::default().start(&loopback.site(1))),
            ("freerdp-shadow, NLA", |loopback| freerdp_shadow::start(Security::Nla, &loopback.site(2))),
            ("freerdp-shadow, TLS", |loopback| freerdp_shadow::start(Security::Tls, &loopback.site(3))),
        ];
        for (name, start) in servers {
            match start(&loopback) {
                Ok(server) => beside_peers(name, &server, &loopback, screen.as_ref()),
                Err(reason) => say(&format!("{name}: left out, {reason}")),
            }
        }
        silence(&loopback);
        side_by_side(&loopback);
    }

    /// One healthy server, each tool in turn.
    fn beside_peers(name: &str, server: &Server, loopback: &Loopback, screen: Option<&Screen>) {
        say(&format!("\n{name}"));
        say(&format!("  {:<28}{:>10}{:>13}{:>10}{:>8}", "tool", "median", "connections", "peak", "ratio"));
        let host = server.address().ip().to_string();
        let Some(ours) = measure(loopback, RUNS_OF_OURS, Path::new(RDPDOCTOR), &["diagnose", &host], &[]) else {
            return say("  rdpdoctor: did not run");
        };
        row("rdpdoctor", &ours, &ours);
        let display = screen.map(|screen| ("DISPLAY", screen.display()));
        let target = format!("/v:{host}");
        let peers: [(&str, &str, Vec<&str>); 4] = [
            ("sslscan --rdp", "sslscan", vec!["--rdp", "--no-colour", &host]),
            ("nmap, four scripts", "nmap", vec!["-Pn", "-n", "-p", "3389", "--script", NMAP_SCRIPTS, &host]),
            ("rdp-sec-check", "rdp-sec-check", vec![&host]),
            (
                "xfreerdp +auth-only",
                "xfreerdp",
                vec![&target, "/u:tester", "/p:Testbed-1", "/cert:ignore", "/log-level:OFF", "+auth-only"],
            ),
        ];
        for (label, program, arguments) in peers {
            let Some(path) = on_path(program) else {
                say(&format!("  {label:<28}not installed"));
                continue;
            };
            match measure(loopback, RUNS_OF_PEERS, &path, &arguments, display.as_slice()) {
                Some(theirs) => row(label, &theirs, &ours),
                None => say(&format!("  {label:<28}did not run")),
            }
        }
    }

    /// A server that takes connections and says nothing: what it costs beyond one wait.
    fn silence(loopback: &Loopback) {
        let Some(_server) = Lab::serve(loopback, "server-unresponsive", "127.77.2.1:3389") else { return };
        say("\nsilent server");
        for wait in ["7", "10"] {
            let arguments = ["diagnose", "127.77.2.1", "--timeout", wait];
            let Some(taken) = measure(loopback, 1, Path::new(RDPDOCTOR), &arguments, &[]) else { return };
            let seconds = taken.median.as_secs_f64();
            say(&format!("  --timeout {wait:<4}{seconds:>8.2} s, {} connections", taken.connections));
        }
    }

    /// Healthy servers and a silent one in one run: little more than the slowest by itself.
    fn side_by_side(loopback: &Loopback) {
        let Some(_healthy) = Lab::serve(loopback, "healthy", "0.0.0.0:3390") else { return };
        let Some(_silent) = Lab::serve(loopback, "server-unresponsive", "127.77.2.2:3391") else { return };
        let mut targets: Vec<String> = (1..SIDE_BY_SIDE).map(|last| format!("127.77.3.{last}:3390")).collect();
        let healthy = run_all(loopback, &targets);
        targets.push("127.77.2.2:3391".to_owned());
        let mixed = run_all(loopback, &targets);
        let alone = run_all(loopback, &["127.77.2.2:3391".to_owned()]);
        let (Some(healthy), Some(mixed), Some(alone)) = (healthy, mixed, alone) else { return };
        say(&format!("\n{SIDE_BY_SIDE} targets side by side"));
        for (label, taken) in
            [("99 healthy", &healthy), ("99 healthy, 1 silent", &mixed), ("the silent one alone", &alone)]
        {
            let (seconds, peak) = (taken.median.as_secs_f64(), megabytes(taken.peak_kib));
            say(&format!("  {label:<24}{seconds:>8.2} s{peak:>9.1} MB, {} connections", taken.connections));
        }
        say(&format!("  ratio to the slowest    {:>8.2}", mixed.median.as_secs_f64() / alone.median.as_secs_f64()));
    }

    fn run_all(loopback: &Loopback, targets: &[String]) -> Option<Taken> {
        let arguments: Vec<&str> = std::iter::once("diagnose").chain(targets.iter().map(String::as_str)).collect();
        measure(loopback, 1, Path::new(RDPDOCTOR), &arguments, &[])
    }

    struct Taken {
        median: Duration,
        connections: u64,
        peak_kib: u64,
    }

    /// Runs a program some times; connections and memory are those of the last run.
    fn measure(
        loopback: &Loopback,
        runs: usize,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Option<Taken> {
        let scratch = Scratch::new()?;
        let mut times = Vec::new();
        let mut connections = 0;
        for _ in 0..runs {
            loopback.connections().ok()?;
            let mut command = loopback.command(Path::new("/usr/bin/time")).ok()?;
            command.args(["--quiet", "--format", "%M %e", "--output"]).arg(scratch.file("time"));
            command.arg(program).args(arguments).envs(environment.iter().copied());
            // Peers with OpenSSL 3 see old servers only like this.
            command.env("OPENSSL_CONF", scratch.file("openssl.cnf"));
            let begun = Instant::now();
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
            times.push(begun.elapsed());
            connections = loopback.connections().ok()?;
        }
        times.sort();
        let said = fs::read_to_string(scratch.file("time")).ok()?;
        let peak_kib = said.split_whitespace().next()?.parse().ok()?;
        Some(Taken { median: *times.get(times.len() / 2)?, connections, peak_kib })
    }

    fn row(label: &str, taken: &Taken, ours: &Taken) {
        let (seconds, peak) = (taken.median.as_secs_f64(), megabytes(taken.peak_kib));
        let ratio = seconds / ours.median.as_secs_f64();
        let mut line = String::new();
        let _ = write!(line, "  {label:<28}{seconds:>8.3} s{:>13}{peak:>7.1} MB{ratio:>8.1}", taken.connections);
        say(&line);
    }

    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
    fn megabytes(kib: u64) -> f64 {
        kib as f64 / 1024.0
    }

    fn on_path(program: &str) -> Option<PathBuf> {
        std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|file| file.is_file())
    }

    fn say(line: &str) {
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    /// Files for one measurement, removed with it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Option<Self> {
            let folder = std::env::temp_dir().join(format!("rdpdoctor-bench-{}", std::process::id()));
            fs::create_dir_all(&folder).ok()?;
            fs::write(folder.join("openssl.cnf"), OPENSSL_POLICY).ok()?;
            Some(Self(folder))
        }

        fn file(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// A server of our own lab, until it is dropped.
    struct Lab(Child);

    impl Lab {
        fn serve(loopback: &Loopback, fault: &str, listen: &str) -> Option<Self> {
            let mut command: Command = loopback.command(Path::new(RDPDOCTOR)).ok()?;
            command.args(["lab", fault, "--listen", listen]).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = command.spawn().ok()?;
            BufReader::new(child.stdout.take()?).read_line(&mut String::new()).ok()?;
            Some(Self(child))
        }
    }

    impl Drop for Lab {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}
