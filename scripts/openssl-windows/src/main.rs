//! Builds OpenSSL for Windows into the folder that is the only argument.
//!
//! `openssl-sys` cannot do it by itself: its source package does not know the target `x86_64-win7-windows-gnu`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: openssl-windows FOLDER");
        return ExitCode::from(2);
    };
    openssl_src::Build::new().host("x86_64-unknown-linux-gnu").target("x86_64-pc-windows-gnu").out_dir(folder).build();
    ExitCode::SUCCESS
}
